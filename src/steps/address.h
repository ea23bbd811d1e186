/* SPDX-License-Identifier: MIT */
/* address.h - URLs, SIP URIs and host names that clients give. We never fetch
 * them; they are checked as data before a provider gets them. Each returns NULL
 * if all is well, else a static sentence of what would be right. */
#ifndef STEPS_ADDRESS_H
#define STEPS_ADDRESS_H

/* https, a host name with a dot, no user part, no address literal. */
const char *https_url_fault(const char *url);
/* sip:HOST[:PORT][;param…] without a user part: Twilio would send every call
 * to that user (RFC 3261 for the form). */
const char *sip_uri_fault(const char *uri);
/* A host name: letters, digits, -, ., and at least one dot. */
const char *host_fault(const char *host);

#endif
