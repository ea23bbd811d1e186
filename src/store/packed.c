/* SPDX-License-Identifier: MIT */
/* packed.c - JSON text to LZ4 blocks and back; see packed.h. */
#include "store/packed.h"

#include <assert.h>
#include <lz4.h>
#include <stdint.h>
#include <stdlib.h>

#define VERSION 1

/*
 * The dictionary of version 1. Never to be changed: what was packed with it can
 * only be unpacked with it. Better words would be version 2.
 *
 * In the order in which numbers have them, the usual values with their names,
 * since a match costs three bytes however long it is. What is less usual stands
 * first: of two matches LZ4 takes the later one.
 */
/* clang-format off */
const char packed_words[] =
	"{\"phone_number\":\"+1\",\"label\":null,\"provider\":\"sip_trunk\","
	"\"supports_inbound\":false,\"supports_outbound\":false,"
	"\"inbound_agents\":[],\"outbound_agents\":[],"
	"\"inbound_agent_id\":null,\"outbound_agent_id\":null,"
	"\"inbound_webhook_url\":\"https://\",\"fallback_number\":\"+1\","
	"\"allowed_inbound_country_list\":[\"US\",\"CA\"],"
	"\"allowed_outbound_country_list\":[\"US\",\"CA\"],"
	"\"twilio_account_sid\":null,\"twilio_api_key_sid\":\"SK\","
	"\"outbound_trunk\":null,\"inbound_trunk\":null,"
	"\"outbound_trunk\":{\"address\":\"sip.\",\"transport\":\"tls\","
	"\"media_encryption\":\"required\",\"username\":null},"
	"\"inbound_trunk\":{\"origination_uri\":\"sip:\",\"priority\":10,"
	"\"weight\":10},\"connection_policy\":[{\"target\":\"sip:\","
	"\"priority\":10,\"weight\":10}],"
	"\"disaster_recovery_url\":\"https://\",\"take_over\":true,"
	"\"metadata\":{\"\":\"\"},\"has_twilio_credentials\":true,"
	"\"has_auth_credentials\":false}"
	"\"agent_version\":0,\"weight\":0.5},{\"agent_id\":\""
	"\"state\":\"undoing\",\"state\":\"intended\",\"state\":\"stuck\","
	"\"created_at\":\"202"
	"{\"kind\":\"connection_policy\",\"id\":\"NY\",\"state\":\"present\","
	"\"created_at\":\"202Z\"},{\"kind\":\"connection_policy_target\","
	"\"id\":\"NE\",\"state\":\"present\",\"created_at\":\"202Z\"},"
	"\"error\":{\"code\":\"provider-refused\",\"detail\":\"\","
	"\"remaining\":[{\"kind\":\"trunk\",\"id\":\"TK\","
	"\"error\":{\"code\":\"provider-refused\",\"detail\":\"\","
	"\"provider_status\":400,\"provider_code\":2},"
	"\"by_hand\":\"Twilio console: Elastic SIP Trunking, Trunks,"
	" delete trunk ; or DELETE /v1/Trunks/\"}]}}"
	"{\"phone_number\":\"+1\",\"label\":\"\",\"provider\":\"twilio\","
	"\"supports_inbound\":true,\"supports_outbound\":true,"
	"\"inbound_agents\":[{\"agent_id\":\"agent_\",\"weight\":1}],"
	"\"outbound_agents\":[{\"agent_id\":\"agent_\",\"weight\":1}],"
	"\"inbound_agent_id\":\"agent_\",\"outbound_agent_id\":\"agent_\","
	"\"inbound_webhook_url\":null,\"fallback_number\":null,"
	"\"allowed_inbound_country_list\":null,"
	"\"allowed_outbound_country_list\":null,\"twilio_account_sid\":\"AC\","
	"\"twilio_api_key_sid\":null,\"outbound_trunk\":{\"address\":null,"
	"\"transport\":\"auto\",\"media_encryption\":\"disabled\","
	"\"username\":\"tl-\"},\"inbound_trunk\":{\"origination_uri\":null,"
	"\"priority\":10,\"weight\":10},\"connection_policy\":null,"
	"\"disaster_recovery_url\":null,\"take_over\":false,\"metadata\":{},"
	"\"has_twilio_credentials\":false,\"has_auth_credentials\":true}"
	"{\"trunk\":{\"id\":null,\"sid\":null,\"termination_uri\":\"\","
	"\"origination_uri\":null},\"resources\":["
	"{\"trunk\":{\"id\":\"trk_01\",\"sid\":\"TK\","
	"\"termination_uri\":\"tl-.pstn.twilio.com\","
	"\"origination_uri\":\"sip:sip.retellai.com;transport=tcp\"},"
	"\"resources\":[{\"kind\":\"trunk\",\"id\":\"TK\","
	"\"state\":\"present\",\"created_at\":\"202Z\"},"
	"{\"kind\":\"credential_list\",\"id\":\"CL\",\"state\":\"present\","
	"\"created_at\":\"202Z\"},{\"kind\":\"credential\",\"id\":\"CR\","
	"\"state\":\"present\",\"created_at\":\"202Z\"},"
	"{\"kind\":\"trunk_credential_list\",\"id\":\"CL\","
	"\"state\":\"present\",\"created_at\":\"202Z\"},"
	"{\"kind\":\"origination_url\",\"id\":\"OU\",\"state\":\"present\","
	"\"created_at\":\"202Z\"},{\"kind\":\"retell_number\",\"id\":\"+1\","
	"\"state\":\"present\",\"created_at\":\"202Z\"},"
	"{\"kind\":\"trunk_phone_number\",\"id\":\"PN\",\"state\":\"present\","
	"\"created_at\":\"202Z\"}],\"error\":null}";
/* clang-format on */
const size_t packed_words_size = sizeof(packed_words) - 1;

#define WORDS_SIZE (sizeof(packed_words) - 1)

/* LZ4's high compression would save another tenth of a row, and cost a create
 * more than all the rest of packing. */
struct packer {
	LZ4_stream_t lz4;
};

struct packer *packer_new(struct err *err)
{
	struct packer *p = malloc(sizeof(*p));

	if (p)
		(void)LZ4_initStream(&p->lz4, sizeof(p->lz4));
	else
		err_set(err, ERR_STORE_FULL, "out of memory");
	return p;
}

void packer_free(struct packer *p)
{
	free(p);
}

static void write_head(uint8_t *to, size_t len)
{
	to[0] = VERSION;
	for (int i = 1; i < PACKED_HEAD_SIZE; i++, len >>= 8)
		to[i] = (uint8_t)len;
}

int pack(struct packer *p, struct buf *to, struct text text, struct err *err)
{
	int room = text.len <= LZ4_MAX_INPUT_SIZE
			   ? LZ4_compressBound((int)text.len)
			   : 0;
	int size;

	buf_clear(to);
	if (room <= 0 || buf_reserve(to, PACKED_HEAD_SIZE + (size_t)room))
		return err_set(err, ERR_STORE_FULL, "out of memory");
	LZ4_resetStream_fast(&p->lz4);
	(void)LZ4_loadDict(&p->lz4, packed_words, (int)WORDS_SIZE);
	write_head((uint8_t *)to->data, text.len);
	size = LZ4_compress_fast_continue(&p->lz4, text.at,
					  to->data + PACKED_HEAD_SIZE,
					  (int)text.len, room, 1);
	assert(size > 0); /* there was room for the worst */
	to->len = PACKED_HEAD_SIZE + (size_t)size;
	return 0;
}

/* --- and back ------------------------------------------------------------ */

static int damaged(struct err *err)
{
	return err_set(err, ERR_STORE, "a packed text is damaged");
}

static int make_room(struct buf *room, size_t len, struct err *err)
{
	if (room->len < WORDS_SIZE) {
		buf_clear(room);
		(void)buf_add(room, packed_words, WORDS_SIZE);
	} else {
		room->len = WORDS_SIZE;
		room->failed = false; /* once there was no memory */
	}
	return buf_reserve(room, len)
		       ? err_set(err, ERR_STORE_FULL, "out of memory")
		       : 0;
}

static size_t read_length(const char *head)
{
	size_t len = 0;

	for (int i = PACKED_HEAD_SIZE - 1; i > 0; i--)
		len = len << 8 | (uint8_t)head[i];
	return len;
}

int unpack(struct buf *room, struct text packed, struct text *text,
	   struct err *err)
{
	bool plain = packed.len > 0 && packed.at[0] == '{';
	size_t len = packed.len;

	if (!plain) {
		if (packed.len <= PACKED_HEAD_SIZE || packed.at[0] != VERSION)
			return damaged(err);
		len = read_length(packed.at);
		if (len > room->max - WORDS_SIZE)
			return damaged(err);
	}
	if (make_room(room, len, err))
		return -1;
	text->at = room->data + WORDS_SIZE;
	text->len = len;
	if (plain)
		return buf_add(room, packed.at, len);
	/* Fastest when the dictionary stands right before. */
	if (LZ4_decompress_safe_usingDict(
		    packed.at + PACKED_HEAD_SIZE, room->data + WORDS_SIZE,
		    (int)(packed.len - PACKED_HEAD_SIZE), (int)len, room->data,
		    (int)WORDS_SIZE) != (int)len)
		return damaged(err);
	room->len += len;
	room->data[room->len] = '\0';
	return 0;
}
