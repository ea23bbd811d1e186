/* SPDX-License-Identifier: MIT */
/* metrics.h - everything countable as Prometheus text. */
#ifndef SRC_API_METRICS_H
#define SRC_API_METRICS_H

#include "base/buf.h"
#include "listener.h"

#define CONTENT_METRICS "text/plain; version=0.0.4; charset=utf-8"

/* The exposition format, version 0.0.4. */
int metrics_write(struct server *s, struct buf *out);
/* What the engine says of itself; false if it is detached. */
bool server_engine_stats(struct server *s, struct engine_stats *out);

#endif
