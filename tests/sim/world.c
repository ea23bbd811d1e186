/* SPDX-License-Identifier: MIT */
/*
 * world.c - one seed from its first request to its last oracle.
 *
 *   faults and crashes --heal_at--> no more --idle--> oracles
 *                                --again: each key, a sweep      --> oracles
 *                                --afresh: create and delete all --> oracles
 *
 * The process dies at a write, a sync, a send or a time. Its code still has to
 * return, but nothing it does from then on counts: the disk is frozen, sends
 * lead nowhere, answers reach nobody.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/world.h"
#include "sim.h"
#include "store/db.h"

#define IDLE_WITHIN_MS 200000 /* from the last fault to the last operation */
#define SAME_TIME_MAX  3000   /* ticks without time going on: a busy loop */
#define MASTER_KEY     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* One for the process. */
static struct {
	char path[64], url[80];
	struct seal *seal;
	struct world *world; /* whose process may meet an unknown commit */
} stage;

/* --- the end of a run ---------------------------------------------------- */

void world_crash(struct world *w, bool power, const char *where)
{
	if (w->crashed)
		return;
	w->crashed = true;
	disk_crash(power);
	trace(w, "CRASH %s, %s", where, power ? "power lost" : "killed");
}

static void crash_at_disk(void *arg)
{
	struct world *w = arg;

	world_crash(w, w->crash.disk.power, "at a commit");
}

static void crash_unknown(int code)
{
	struct world *w = stage.world;

	world_crash(w, chance_percent(&w->dice, 50), "by an unknown commit");
}

bool world_send_is_last(struct world *w)
{
	return !w->healed && w->crash.kind == CRASH_SEND &&
	       --w->crash.sends == 0;
}

static void draw_disk_faults(struct chance *c, struct disk_plan *p)
{
	static const int codes[] = {SQLITE_FULL, SQLITE_FULL,
				    SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC,
				    SQLITE_IOERR_READ};

	if (!chance_percent(c, 15))
		return;
	p->fail_rc = codes[chance_from(c, 0, 4)];
	p->fail_nth = (int)chance_from(
		c, 1, p->fail_rc == SQLITE_IOERR_FSYNC ? 30 : 300);
	p->fail_times = chance_percent(c, 50) ? 1 : (int)chance_from(c, 2, 60);
}

/* Later runs die sooner: in their recovery. */
static void draw_crash(struct world *w)
{
	struct chance *c = &w->dice;
	struct crash_plan *p = &w->crash;
	int draw = (int)chance_from(c, 0, 99);
	int far = w->runs == 1 ? 40 : w->storm ? 2 : 8;

	memset(p, 0, sizeof(*p));
	draw_disk_faults(c, &p->disk);
	p->power = p->disk.power = chance_percent(c, 50);
	p->arrives = chance_percent(c, 50);
	p->sends = (int)chance_from(c, 1, far);
	p->at = w->clock.now + chance_from(c, 0, far * 200);
	p->disk.commit = (int)chance_from(c, 1, far);
	p->disk.write = (int)chance_from(c, 1, 20);
	if (w->crashes_left-- <= 0) {
		p->kind = CRASH_NONE;
	} else if (draw < 50) {
		p->kind = CRASH_DISK;
		p->disk.place = (enum disk_place)chance_from(c, DISK_AT_WRITE,
							     DISK_AFTER_SYNC);
	} else {
		p->kind = draw < 75   ? CRASH_SEND
			  : draw < 90 ? CRASH_TIME
				      : CRASH_STOP;
	}
	disk_arm(&p->disk);
}

/* --- a run of the process ------------------------------------------------ */

static void end_run(struct world *w)
{
	struct err err = ERR_INIT;
	int64_t pause = chance_percent(&w->dice, 50)
				? 0
				: chance_from(&w->dice, 1, 1500);
	bool crashed = w->crashed;

	sim_transport_abandon(&w->transport);
	engine_free(w->engine);
	w->engine = NULL;
	clients_forget(w);
	store_close(w->store);
	w->store = NULL;
	if (crashed)
		disk_restart();
	(void)w->transport.base.poll(&w->transport.base, (int)pause, &err);
	for (int i = 0; i < w->call_count; i++)
		if (w->calls[i].told < 0)
			w->calls[i].told = w->clock.now;
}

static void start_run(struct world *w)
{
	struct err err = ERR_INIT;

	w->runs++;
	w->crashed = false;
	w->clock.base.last_id = 0;
	trace(w, "START run %d", w->runs);
	w->store = store_open(stage.url, STORE_WRITER, &err);
	if (!w->store) {
		broken(w, "I10", "the store does not open: %s", err.detail);
		return;
	}
	counts_begin(w);
	w->engine = engine_new(&w->conf, &w->clock.base, &w->transport.base,
			       w->store, stage.seal, &err);
	if (!w->healed)
		draw_crash(w);
	if (engine_recover(w->engine, &err) && !w->crashed) {
		trace(w, "recovery gives up: %s", err.detail);
		if (w->healed || !w->crash.disk.fail_nth)
			broken(w, "I5", "recovery fails: %s", err.detail);
		world_crash(w, false, "by itself");
	}
}

static void restart(struct world *w)
{
	while (w->crashed && !w->broken) {
		end_run(w);
		start_run(w);
	}
}

static void stop_orderly(struct world *w)
{
	struct err err = ERR_INIT;

	trace(w, "STOP");
	w->crash.kind = CRASH_NONE;
	engine_stop(w->engine, chance_from(&w->dice, 0, 3000));
	(void)engine_run(w->engine, &err);
	if (w->crashed) {
		restart(w);
		return;
	}
	end_run(w);
	disk_arm(&(struct disk_plan){.place = DISK_NOWHERE});
	start_run(w);
	restart(w);
}

/* --- time goes on -------------------------------------------------------- */

static void heal(struct world *w)
{
	trace(w, "HEAL no more faults");
	w->healed = true;
	disk_arm(&(struct disk_plan){.place = DISK_NOWHERE});
}

static int64_t next_event(const struct world *w)
{
	int64_t at = workload_next(w);

	if (!w->healed && w->heal_at < at)
		at = w->heal_at;
	if (w->stranger_at >= 0 && w->stranger_at < at)
		at = w->stranger_at;
	if (!w->healed && w->crash.kind >= CRASH_TIME && w->crash.at < at)
		at = w->crash.at;
	return at;
}

static void events_due(struct world *w)
{
	if (!w->healed && w->clock.now >= w->heal_at)
		heal(w);
	if (!w->healed && w->clock.now >= w->crash.at) {
		if (w->crash.kind == CRASH_TIME)
			world_crash(w, w->crash.power, "at a time");
		else if (w->crash.kind == CRASH_STOP)
			stop_orderly(w);
	}
	restart(w);
	if (w->stranger_at >= 0 && w->clock.now >= w->stranger_at)
		stranger_acts(w);
	if (!w->broken)
		clients_send_due(w);
}

static void tick(struct world *w)
{
	struct err err = ERR_INIT;
	int64_t at = next_event(w), wait = at - w->clock.now;

	if (at == INT64_MAX || wait > 60000)
		wait = 60000;
	if (engine_tick(w->engine, wait > 0 ? (int)wait : 0, &err) &&
	    !w->crashed) {
		if (w->healed)
			broken(w, "I5", "the engine gives up: %s", err.detail);
		world_crash(w, false, "by itself");
	}
	restart(w);
}

static bool idle(struct world *w)
{
	struct engine_stats stats;

	if (!w->healed || workload_next(w) < INT64_MAX || w->pending ||
	    !sim_transport_idle(&w->transport))
		return false;
	engine_stats(w->engine, &stats);
	return stats.operations == 0;
}

static void run_until_idle(struct world *w)
{
	int64_t last = w->healed ? workload_last(w) : w->heal_at;
	int64_t time = -1;
	int same = 0;

	while (!w->broken && !idle(w)) {
		if (w->clock.now > last + IDLE_WITHIN_MS) {
			broken(w, "I5", "operations do not end");
			return;
		}
		same = w->clock.now == time ? same + 1 : 0;
		time = w->clock.now;
		if (same > SAME_TIME_MAX) {
			broken(w, "I5", "a busy loop");
			return;
		}
		tick(w);
		if (!w->broken)
			events_due(w);
	}
}

/* --- the seed ------------------------------------------------------------ */

static void set_stage(void)
{
	struct err err = ERR_INIT;
	struct store *s;

	if (stage.seal)
		return;
	snprintf(stage.path, sizeof(stage.path), "/dev/shm/trunkline-sim-%d",
		 (int)getpid());
	snprintf(stage.url, sizeof(stage.url), "sqlite:%s", stage.path);
	disk_register();
	json_object_seed(1);
	stage.seal = seal_new(MASTER_KEY, &err);
	db_on_unknown(crash_unknown);
	s = store_open(stage.url, STORE_WRITER, &err);
	if (!stage.seal || !s || store_migrate(s, &err) < 0) {
		(void)fprintf(stderr, "sim: %s\n", err.detail);
		exit(2);
	}
	store_close(s);
	disk_keep();
}

void world_leave_stage(void)
{
	char lock[80];

	snprintf(lock, sizeof(lock), "%s.lock", stage.path);
	(void)unlink(stage.path);
	(void)unlink(lock);
	seal_free(stage.seal);
}

static void draw_world(struct world *w)
{
	static const int64_t lags[] = {0, 0, 100, LAG_MS};
	static const unsigned pages[] = {0, 0, 1, 2};
	struct chance *c = &w->dice;
	struct sandbox_config config = {
		.numbers = 3,
		.max_trunks = w->tight ? 3 : 100,
		.max_concurrency = chance_percent(c, 10) ? 3 : 0,
		.lag_ms = lags[chance_from(c, 0, 3)],
		.seed = w->seed + 1,
		.page_max = pages[chance_from(c, 0, 3)],
		.retell_not_found_422 = chance_percent(c, 30),
		.log_max = 1,
	};

	w->lag_ms = config.lag_ms;
	w->sandbox = sandbox_new(&config, 1000);
	w->conf = (struct engine_conf){
		.settings = {.instance = INSTANCE,
			     .twilio_api_url = "https://api.twilio.com",
			     .twilio_trunking_url =
				     "https://trunking.twilio.com",
			     .twilio_voice_url = "https://voice.twilio.com",
			     .retell_url = "https://api.retellai.com",
			     .twilio_account_sid = SANDBOX_ACCOUNT,
			     .twilio_user = SANDBOX_ACCOUNT,
			     .twilio_secret = SANDBOX_TOKEN,
			     .retell_api_key = SANDBOX_RETELL_KEY,
			     .retell_sip_uri =
				     "sip:sip.retellai.com;transport=tcp"},
		.concurrency =
			chance_percent(c, 15) ? chance_from(c, 1, 3) : 32,
		.operation_deadline_ms = DO_DEADLINE_MS,
		.undo_deadline_ms = UNDO_DEADLINE_MS,
		.settle_ms = SETTLE_MS,
		.sweep_grace_ms = SWEEP_GRACE_MS,
		.sweep_every_ms = chance_percent(c, 50) ? 0 : 20000,
		.max_operations = chance_percent(c, 3) ? 2 : 1000,
	};
	w->heal_at = 1000 + chance_from(c, 1, 40) * 1000;
	w->crashes_left = chance_percent(c, 45) ? 0 : (int)chance_from(c, 1, 4);
	w->storm = chance_percent(c, 4);
	if (w->storm)
		w->crashes_left = 12;
	faults_draw(&w->faults, &w->fault_dice, w->heal_at);
	workload_draw(w);
}

static void check(struct world *w, struct facts *f, bool deep)
{
	if (w->broken)
		return;
	if (facts_load(w, f))
		return;
	oracles_check(w, f, deep);
	counts_check(w, f);
}

static void play(struct world *w)
{
	struct facts f = {.records = NULL};

	run_until_idle(w);
	check(w, &f, chance_percent(&w->dice, 10));
	if (!w->broken) {
		workload_again(w);
		facts_release(&f);
		run_until_idle(w);
		w->swept = true;
		check(w, &f, false);
	}
	if (!w->broken && chance_percent(&w->dice, 50)) {
		workload_afresh(w, &f);
		facts_release(&f);
		run_until_idle(w);
		check(w, &f, false);
	}
	facts_release(&f);
}

bool world_loose(const struct world *w)
{
	for (int i = 0; i < w->call_count; i++)
		if (w->calls[i].writes && call_was_late(w, i))
			return true;
	return false;
}

int world_run(uint64_t seed, bool tracing, struct world *w)
{
	memset(w, 0, sizeof(*w));
	set_stage();
	w->seed = seed;
	w->tracing = tracing;
	stage.world = w;
	sim_clock_init(&w->clock, seed);
	chance_init(&w->dice, seed, 2);
	chance_init(&w->fault_dice, seed, 3);
	w->tight = chance_percent(&w->dice, 5);
	disk_reset(seed, &w->clock.now, crash_at_disk, w);
	draw_world(w);
	sim_transport_init(&w->transport, w);
	providers_note_preset(w);
	start_run(w);
	restart(w);
	if (!w->broken)
		play(w);
	w->crashed = true; /* what is told now does not count */
	sim_transport_abandon(&w->transport);
	engine_free(w->engine);
	while (w->pending)
		clients_forget(w);
	store_close(w->store);
	sim_transport_release(&w->transport);
	sandbox_free(w->sandbox);
	workload_clear(w);
	free(w->calls);
	free(w->birth);
	free(w->preset);
	return w->broken ? -1 : 0;
}
