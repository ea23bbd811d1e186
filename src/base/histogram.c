/* SPDX-License-Identifier: MIT */
/* histogram.c - durations in fixed buckets. */
#include "base/histogram.h"

/* clang-format off */
static const struct {
	int64_t us;
	const char *seconds;
} bounds[] = {
	{100,      "0.0001"}, {250,       "0.00025"}, {500,      "0.0005"},
	{1000,     "0.001"},  {2500,      "0.0025"},  {5000,     "0.005"},
	{10000,    "0.01"},   {25000,     "0.025"},   {50000,    "0.05"},
	{100000,   "0.1"},    {250000,    "0.25"},    {500000,   "0.5"},
	{1000000,  "1"},      {2500000,   "2.5"},     {5000000,  "5"},
	{10000000, "10"},     {25000000,  "25"},      {50000000, "50"},
	{100000000, "100"},   {250000000, "250"},
};
/* clang-format on */
_Static_assert(sizeof(bounds) / sizeof(bounds[0]) == HISTOGRAM_BOUNDS,
	       "a bound for each bucket");

void histogram_add(struct histogram *h, int64_t us)
{
	int i = 0;

	if (us < 0)
		us = 0;
	/* In order: what is asked most often is fast, and found first. */
	while (i < HISTOGRAM_BOUNDS && us > bounds[i].us)
		i++;
	counter_add(&h->buckets[i], 1);
	counter_add(&h->sum_us, us);
}

void histogram_read(struct histogram_view *view, const struct histogram *h)
{
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		int64_t n = counter_read(&h->buckets[i]);

		view->buckets[i] += n;
		view->count += n;
	}
	view->sum_us += counter_read(&h->sum_us);
}

int64_t histogram_count(const struct histogram *h)
{
	int64_t count = 0;

	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += counter_read(&h->buckets[i]);
	return count;
}

const char *histogram_bound(int i)
{
	return i < HISTOGRAM_BOUNDS ? bounds[i].seconds : "+Inf";
}
