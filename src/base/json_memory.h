/* SPDX-License-Identifier: MIT */
/*
 * json_memory.h - memory for jansson's parser that does not run out in the
 * middle of a token.
 *
 * Jansson 2.14 does not look whether the buffer of the token it reads could
 * grow (lex_save), and then reads and writes past its end. So while a text is
 * parsed, what malloc cannot give comes from a reserve. It is meant to last for
 * the rest of one token: the parse is ended then, and its result thrown away.
 */
#ifndef BASE_JSON_MEMORY_H
#define BASE_JSON_MEMORY_H

#include <stdbool.h>

/* Around a parse, on its own thread. */
void json_memory_begin(void);
/* Did malloc fail since begin? Then the parse must end. */
bool json_memory_short(void);
/* After everything that was parsed has been freed, if memory was short. */
void json_memory_end(void);

#endif
