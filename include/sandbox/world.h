/* SPDX-License-Identifier: MIT */
/*
 * world.h - what stands in a fresh sandbox, always the same.
 *
 * Numbers (Twilio account SANDBOX_ACCOUNT unless said):
 *   +14155550100 ...  the ordinary ones, config.numbers of them, on no trunk,
 *                     unknown to Retell
 *   +14155559001      on a foreign trunk (foreign-trunk-1.pstn.twilio.com)
 *   +14155559002      on no trunk, imported in our Retell workspace by someone
 *                     else (a foreign Retell number)
 *   +14155559003      held by another Retell workspace: import says 400
 *                     "Phone number already exists", get says 404
 *   +14155559004      with voice_application_sid SANDBOX_APPLICATION and a
 *                     voice_url
 *   +14155559005      with a voice_url only
 *   +14155559006      with emergency calling: the trunk it is on cannot be
 *                     deleted (21634)
 *   +14155558001 ... 8010   of the second account
 * The ordinary ones go on past the others, at most SANDBOX_NUMBERS_MAX; the
 * first 7900 are in one run.
 * Every other valid number is for sale, except those ending in 0000 (21422).
 *
 * Foreign, in our own account, and never to be touched: two trunks (the first
 * with an origination URL, a credential list and +14155559001), two credential
 * lists with a credential each, one connection policy, the Retell number
 * +14155559002. The domain foreign-account.pstn.twilio.com belongs to a third
 * account.
 *
 * Agents: agent_sandbox_1 ... agent_sandbox_9, versions 0 to 3; 2 is the
 * latest published, 3 a draft. Tags: "latest", "latest_published".
 */
#ifndef SANDBOX_WORLD_H
#define SANDBOX_WORLD_H

#define SANDBOX_ACCOUNT	     "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define SANDBOX_TOKEN	     "sandbox-auth-token"
#define SANDBOX_API_KEY	     "SK5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define SANDBOX_API_SECRET   "sandbox-api-secret"
#define SANDBOX_ACCOUNT_2    "AC6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
#define SANDBOX_TOKEN_2	     "sandbox-auth-token-2"
#define SANDBOX_RETELL_KEY   "key_sandbox"
#define SANDBOX_APPLICATION  "AP5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define SANDBOX_FIRST_NUMBER 14155550100LL
#define SANDBOX_NUMBERS_MAX  1000000u
#define SANDBOX_AGENTS	     9

#define SANDBOX_ON_FOREIGN_TRUNK      "+14155559001"
#define SANDBOX_IN_OUR_RETELL	      "+14155559002"
#define SANDBOX_IN_OTHER_WORKSPACE    "+14155559003"
#define SANDBOX_WITH_APPLICATION      "+14155559004"
#define SANDBOX_WITH_VOICE_URL	      "+14155559005"
#define SANDBOX_WITH_EMERGENCY	      "+14155559006"
#define SANDBOX_FOREIGN_DOMAIN	      "foreign-trunk-1.pstn.twilio.com"
#define SANDBOX_OTHER_ACCOUNTS_DOMAIN "foreign-account.pstn.twilio.com"

#endif
