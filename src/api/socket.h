/* SPDX-License-Identifier: MIT */
/* socket.h - a listening socket for an address of the configuration. */
#ifndef SRC_API_SOCKET_H
#define SRC_API_SOCKET_H

#include <stddef.h>

#include "base/conf.h"
#include "base/err.h"

/* Listens; fills url with where ("http://127.0.0.1:8080"). The descriptor, or
 * -1 with CONFIG that names the setting. */
int socket_listen(const struct conf_address *at, const char *setting, char *url,
		  size_t url_size, struct err *err);

#endif
