/* SPDX-License-Identifier: MIT */
/*
 * replay.c - a main for a fuzz target that needs no fuzzer: replay_NAME runs
 * every file of tests/fuzz/corpus/NAME (or of the directories it is given), and
 * near relatives of each: cut off at every byte, and every byte replaced by a
 * few that parsers trip over.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define SEED_MAX     (64 * 1024)
#define RELATIVE_MAX 2048 /* longer seeds have no relatives: too slow */

static long runs;

/* In memory of exactly its size, so that a sanitizer sees a step beyond. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	must(exact);
	if (size)
		memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	runs++;
}

static void run_relatives(uint8_t *data, size_t size)
{
	static const uint8_t strange[] = {0, '"', '\\', '%', 0x80, 0xff, '9'};

	for (size_t i = 0; i < size; i++) {
		uint8_t was = data[i];

		run(data, i);
		for (size_t k = 0; k < sizeof(strange); k++) {
			data[i] = strange[k];
			run(data, size);
		}
		data[i] = was;
	}
}

static void run_file(const char *path)
{
	static uint8_t data[SEED_MAX];
	FILE *f = fopen(path, "rb");
	size_t size;

	must(f);
	size = fread(data, 1, sizeof(data), f);
	must(feof(f));
	fclose(f);
	run(data, size);
	if (size <= RELATIVE_MAX)
		run_relatives(data, size);
}

static void run_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char file[4096];

	must(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		run_file(file);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '_');
	char corpus[256];

	run(NULL, 0);
	for (int i = 1; i < argc; i++)
		run_directory(argv[i]);
	if (argc == 1 && name) {
		snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s",
			 name + 1);
		run_directory(corpus);
	}
	printf("%ld runs\n", runs);
	return runs > 1 ? 0 : 1;
}
