/* SPDX-License-Identifier: MIT */
/* settings.h - what steps must know of this installation. Borrowed strings. */
#ifndef STEPS_SETTINGS_H
#define STEPS_SETTINGS_H

struct settings {
	const char *instance; /* marks our resources at the providers */
	const char *twilio_api_url, *twilio_trunking_url, *twilio_voice_url;
	const char *retell_url;
	/* Used when a request brings none; NULL if not configured. */
	const char *twilio_account_sid;
	const char *twilio_user,
		*twilio_secret; /* AC… + token or SK… + secret */
	const char *retell_api_key;
	const char *retell_sip_uri;
};

#endif
