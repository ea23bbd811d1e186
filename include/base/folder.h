/* SPDX-License-Identifier: MIT */
/* folder.h - the folder that a file stands in, and what survives a power cut.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

/* Returns once the names in the folder of this path are on disk: a file that
 * was made, linked or renamed there is found again after a power cut. -1 with
 * errno.
 */
int folder_sync_of(const char *path);

#endif
