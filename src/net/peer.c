/* SPDX-License-Identifier: MIT */
/* peer.c - which addresses a provider's name may not lead to. */
#include <arpa/inet.h>
#include <string.h>

#include "call.h"

struct range {
	unsigned char start[16];
	unsigned bits;
};

/* clang-format off */
/* IANA's special-purpose registries: all that is not globally reachable. */
static const struct range v4[] = {
	{{0}, 8},            /* this network */
	{{10}, 8},           /* private */
	{{100, 64}, 10},     /* shared by carriers */
	{{127}, 8},          /* loopback */
	{{169, 254}, 16},    /* link-local: cloud metadata */
	{{172, 16}, 12},     /* private */
	{{192, 0, 0}, 24},   /* protocol assignments */
	{{192, 0, 2}, 24},   /* documentation */
	{{192, 168}, 16},    /* private */
	{{198, 18}, 15},     /* benchmarks */
	{{198, 51, 100}, 24},/* documentation */
	{{203, 0, 113}, 24}, /* documentation */
	{{224}, 3},          /* multicast, reserved, broadcast */
};

static const struct range v6[] = {
	{{0}, 96},                            /* ::, ::1, v4-compatible */
	{{[10] = 0xff, [11] = 0xff}, 96},     /* v4-mapped */
	{{0, 0x64, 0xff, 0x9b, 0, 1}, 48},    /* translation, local */
	{{0x01}, 64},                         /* discard */
	{{0x20, 0x01, 0, 0}, 23},             /* Teredo and other protocols */
	{{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
	{{0x20, 0x02}, 16},                   /* 6to4 */
	{{0x3f, 0xff}, 20},                   /* documentation */
	{{0xfc}, 7},                          /* unique local */
	{{0xfe, 0x80}, 10},                   /* link-local */
	{{0xfe, 0xc0}, 10},                   /* site-local, of old */
	{{0xff}, 8},                          /* multicast */
};
/* clang-format on */

static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};

static bool within(const unsigned char *address, const struct range *r)
{
	unsigned bytes = r->bits / 8, rest = r->bits % 8;

	if (memcmp(address, r->start, bytes) != 0)
		return false;
	return rest == 0 ||
	       (address[bytes] ^ r->start[bytes]) >> (8 - rest) == 0;
}

static bool in_none(const unsigned char *address, const struct range *r,
		    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (within(address, &r[i]))
			return false;
	return true;
}

bool peer_is_public(const char *address)
{
	unsigned char a[16];

	if (inet_pton(AF_INET, address, a) == 1)
		return in_none(a, v4, sizeof(v4) / sizeof(v4[0]));
	if (inet_pton(AF_INET6, address, a) != 1)
		return false;
	/* In a network without IPv4 every name leads through NAT64. */
	if (memcmp(a, nat64, sizeof(nat64)) == 0)
		return in_none(a + 12, v4, sizeof(v4) / sizeof(v4[0]));
	return in_none(a, v6, sizeof(v6) / sizeof(v6[0]));
}
