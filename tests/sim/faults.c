/* SPDX-License-Identifier: MIT */
/*
 * faults.c - which call goes wrong, and how.
 *
 * Most rows are a rule of the model (sandbox/fault.h). None of them lies: a
 * provider that says 2xx and did nothing, or 404 of what is there, cannot be
 * survived and is not what this is about.
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define RULE(body) "{\"rules\":[{" body "}]}"

static const struct {
	const char *name;
	int weight;	  /* chance to be enabled in a seed, percent */
	const char *rule; /* NULL: no byte leaves */
} table[] = {
	/* clang-format off */
	{ "not_sent",      60, NULL },
	{ "lost_before",   60, RULE("\"drop\":\"before\"") },
	{ "lost_after",    60, RULE("\"drop\":\"after\"") },
	{ "reset",         20, RULE("\"reset\":true") },
	{ "slow",          40, RULE("\"delay_before_ms\":2500") },
	{ "slow_answer",   30, RULE("\"delay_after_ms\":2500") },
	{ "hang_before",   40, RULE("\"delay_before_ms\":3150") },
	{ "hang_after",    40, RULE("\"delay_after_ms\":9000") },
	{ "500",           50, RULE("\"status\":500") },
	{ "500_done",      50, RULE("\"status\":500,\"effect\":true") },
	{ "503_wait",      30, RULE("\"status\":503,\"retry_after\":\"2\"") },
	{ "503_wait_done", 30, RULE("\"status\":503,\"retry_after\":\"2\",\"effect\":true") },
	{ "429",           40, RULE("\"status\":429") },
	{ "429_wait",      30, RULE("\"status\":429,\"retry_after\":\"3\"") },
	{ "429_absurd",     5, RULE("\"status\":429,\"retry_after\":\"86400\"") },
	{ "400",           40, RULE("\"status\":400") },
	{ "401",           20, RULE("\"status\":401") },
	{ "403",           10, RULE("\"status\":403") },
	{ "408_done",      10, RULE("\"status\":408,\"effect\":true") },
	{ "307",           10, RULE("\"redirect\":\"http://169.254.169.254/\"") },
	{ "html",          20, RULE("\"garble\":\"html\"") },
	{ "empty",         20, RULE("\"garble\":\"empty\"") },
	{ "cut_json",      20, RULE("\"garble\":\"cut_json\"") },
	{ "json_junk",     20, RULE("\"garble\":\"json_junk\"") },
	{ "wrong_type",    20, RULE("\"garble\":\"wrong_type\"") },
	{ "wrong_sid",     20, RULE("\"garble\":\"wrong_sid\"") },
	{ "missing_sid",   20, RULE("\"garble\":\"missing_sid\"") },
	{ "dup_keys",      10, RULE("\"garble\":\"dup_keys\"") },
	{ "not_http",      10, RULE("\"garble\":\"not_http\"") },
	{ "next_elsewhere",10, RULE("\"garble\":\"next_elsewhere\"") },
	{ "echo_secrets",  10, RULE("\"garble\":\"echo_secrets\"") },
	{ "truncated",     30, RULE("\"truncate\":20") },
	{ "late",          40, RULE("\"land_late_ms\":150") },
	{ "late_500",      30, RULE("\"land_late_ms\":150,\"status\":500") },
	/* beyond what the settle time covers: leaves orphans for a sweep */
	{ "late_far",       5, RULE("\"land_late_ms\":9000") },
	/* clang-format on */
};

#define ROWS ((int)(sizeof(table) / sizeof(table[0])))

static const char *const calls[] = {
	"list_incoming_numbers",
	"get_agent",
	"get_number",
	"create_trunk",
	"list_trunks",
	"delete_trunk",
	"create_credential_list",
	"list_credential_lists",
	"delete_credential_list",
	"create_credential",
	"list_credentials",
	"create_trunk_credential_list",
	"list_trunk_credential_lists",
	"create_origination_url",
	"list_origination_urls",
	"create_connection_policy",
	"list_connection_policies",
	"delete_connection_policy",
	"create_connection_policy_target",
	"import_number",
	"update_number",
	"delete_number",
	"create_trunk_phone_number",
	"fetch_incoming_number",
	"fetch_trunk",
	"update_incoming_number",
	"delete_trunk_phone_number",
};

#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

static int draw_enabled(const struct fault_profile *p, struct chance *c)
{
	int row = (int)chance_from(c, 0, ROWS - 1);

	for (int i = 0; i < ROWS; i++, row = (row + 1) % ROWS)
		if (p->enabled & (UINT64_C(1) << row))
			return row;
	return 0;
}

static void draw_sticky(struct fault_profile *p, struct sticky *s,
			struct chance *c)
{
	s->call = calls[chance_from(c, 0, CALLS - 1)];
	s->fault = draw_enabled(p, c);
	s->nth = (int)chance_from(c, 1, 4);
	s->times = chance_percent(c, 50) ? 1000000 : (int)chance_from(c, 1, 7);
}

void faults_draw(struct fault_profile *p, struct chance *c, int64_t heal_at)
{
	static const int rates[] = {0, 0, 2, 5, 10, 20, 35};

	memset(p, 0, sizeof(*p));
	p->percent = rates[chance_from(c, 0, 6)];
	for (int i = 0; i < ROWS; i++)
		if (chance_percent(c, table[i].weight))
			p->enabled |= UINT64_C(1) << i;
	for (int i = 0; i < 2; i++)
		if (chance_percent(c, 40))
			draw_sticky(p, &p->sticky[i], c);
	if (chance_percent(c, 15)) {
		p->outage.from = chance_from(c, 0, heal_at);
		p->outage.until = p->outage.from + chance_from(c, 500, 30000);
		p->outage.provider = (int)chance_from(c, 0, 2);
		p->outage.fault = draw_enabled(p, c);
	}
}

static bool sticky_hits(struct sticky *s, const char *call)
{
	if (!s->call || strcmp(s->call, call) != 0)
		return false;
	s->seen++;
	return s->seen >= s->nth && s->seen - s->nth < s->times;
}

int faults_hit(struct fault_profile *p, struct chance *c, int64_t now,
	       const char *call, bool retell)
{
	const struct outage *o = &p->outage;
	int hit = -1;

	for (int i = 0; i < 2; i++)
		if (sticky_hits(&p->sticky[i], call))
			hit = p->sticky[i].fault;
	if (hit < 0 && now >= o->from && now < o->until &&
	    (o->provider == 2 || o->provider == retell))
		hit = o->fault;
	if (hit < 0 && p->percent && chance_percent(c, p->percent))
		hit = draw_enabled(p, c);
	return hit;
}

const char *fault_name(int fault)
{
	return fault < 0 ? "none" : table[fault].name;
}

bool fault_not_sent(int fault)
{
	return fault >= 0 && !table[fault].rule;
}

const json_t *fault_rule(int fault)
{
	static json_t *parsed[ROWS];

	if (fault < 0 || !table[fault].rule)
		return NULL;
	if (!parsed[fault])
		parsed[fault] = json_loads(table[fault].rule, 0, NULL);
	return parsed[fault];
}
