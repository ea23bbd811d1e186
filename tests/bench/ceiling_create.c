/* SPDX-License-Identifier: MIT */
/*
 * ceiling_create.c - how fast libmicrohttpd, libcurl and SQLite can carry out
 * the creates and deletes of the service: its calls, in its waves, each intent
 * on disk before its call is sent and each outcome before the client hears of
 * it, one commit for all that has come up meanwhile. Nothing else: a call that
 * fails fails the request, nothing is undone, nothing recovered.
 *
 *   API threads --start--> writer --calls--> caller (libcurl on epoll)
 *                            |  ^               |
 *           resume <--done---+  +---answers-----+
 */
#include "ceiling.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define ACCOUNT	  "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define STEPS_MAX 10
#define SID_SIZE  48
#define BODY_MAX  2048
#define EVENTS	  256
#define POOL_MAX  8192

enum {
	LOOKUP,
	AGENT,
	ABSENT,
	TRUNK,
	LIST,
	CREDENTIAL,
	TIE,
	ORIGIN,
	IMPORT,
	ATTACH,
	CREATE_STEPS
};
enum {
	SEE_RETELL,
	SEE_NUMBER,
	DROP_RETELL,
	DETACH,
	DROP_TRUNK,
	DROP_LIST,
	DELETE_STEPS
};

struct job {
	struct MHD_Connection *conn;
	const struct plan *plan;
	unsigned begun, done; /* bits by step */
	int under_way;
	unsigned status; /* 0: not ended */
	char phone[24], agent[48], id[40];
	char number[SID_SIZE], trunk[SID_SIZE], list[SID_SIZE];
	char body[BODY_MAX], *answer;
	size_t body_len, answer_len;
};

/* A call on its way round; step -1: the job itself is to begin. */
struct call {
	struct call *next;
	struct job *job;
	int step;
	bool failed;
	char sid[SID_SIZE];
	CURL *curl;
	size_t len;
	char url[224], post[512], text[BODY_MAX];
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct call *first, **end;
	int event; /* written to when it fills, or -1 */
};

static struct ceiling_args args;
static struct queue to_writer = {.lock = PTHREAD_MUTEX_INITIALIZER,
				 .filled = PTHREAD_COND_INITIALIZER,
				 .end = &to_writer.first,
				 .event = -1};
static struct queue to_caller = {.lock = PTHREAD_MUTEX_INITIALIZER,
				 .filled = PTHREAD_COND_INITIALIZER,
				 .end = &to_caller.first};

static void queue_add(struct queue *q, struct call *first, struct call **end)
{
	uint64_t one = 1;
	bool was_empty;

	pthread_mutex_lock(&q->lock);
	was_empty = !q->first;
	*q->end = first;
	q->end = end;
	if (was_empty && q->event < 0)
		pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	if (was_empty && q->event >= 0 &&
	    write(q->event, &one, sizeof(one)) < 0)
		die("eventfd");
}

static struct call *queue_take(struct queue *q)
{
	struct call *all;

	pthread_mutex_lock(&q->lock);
	while (!q->first && q->event < 0)
		pthread_cond_wait(&q->filled, &q->lock);
	all = q->first;
	q->first = NULL;
	q->end = &q->first;
	pthread_mutex_unlock(&q->lock);
	return all;
}

/* --- what is called ------------------------------------------------------ */

#define BIT(step) (1u << (step))
#define FIRST	  (BIT(LOOKUP) | BIT(AGENT) | BIT(ABSENT))
#define THIRD	  (BIT(CREDENTIAL) | BIT(TIE) | BIT(ORIGIN) | BIT(IMPORT))

struct step {
	const char *name, *method;
	unsigned needs;
	void (*fill)(struct call *c); /* url after the host, and post */
};

struct plan {
	const struct step *steps;
	int count;
};

#define URL(c, ...)                           \
	snprintf((c)->url + strlen((c)->url), \
		 sizeof((c)->url) - strlen((c)->url), __VA_ARGS__)
#define POST(c, ...) snprintf((c)->post, sizeof((c)->post), __VA_ARGS__)
#define API	     "/2010-04-01/Accounts/" ACCOUNT

static void lookup(struct call *c)
{
	URL(c, API "/IncomingPhoneNumbers.json?PageSize=50&PhoneNumber=%%2B%s",
	    c->job->phone + 1);
}

static void agent(struct call *c)
{
	URL(c, "/get-agent/%s", c->job->agent);
}

static void see_retell(struct call *c)
{
	URL(c, "/get-phone-number/%%2B%s", c->job->phone + 1);
}

static void trunk(struct call *c)
{
	URL(c, "/v1/Trunks");
	POST(c,
	     "FriendlyName=bench%%3A%s&DomainName=tl-%s.pstn.twilio.com"
	     "&TransferMode=enable-all&Secure=false",
	     c->job->id, c->job->id);
}

static void list(struct call *c)
{
	URL(c, API "/SIP/CredentialLists.json");
	POST(c, "FriendlyName=bench%%3A%s", c->job->id);
}

static void credential(struct call *c)
{
	URL(c, API "/SIP/CredentialLists/%s/Credentials.json", c->job->list);
	POST(c, "Username=tl-%s&Password=P4ssw0rd%s", c->job->id, c->job->id);
}

static void tie(struct call *c)
{
	URL(c, "/v1/Trunks/%s/CredentialLists", c->job->trunk);
	POST(c, "CredentialListSid=%s", c->job->list);
}

static void origin(struct call *c)
{
	URL(c, "/v1/Trunks/%s/OriginationUrls", c->job->trunk);
	POST(c,
	     "FriendlyName=bench%%3A%s&SipUrl=sip%%3Asip.retellai.com%%3B"
	     "transport%%3Dtcp&Priority=10&Weight=10&Enabled=true",
	     c->job->id);
}

static void import(struct call *c)
{
	const struct job *j = c->job;

	URL(c, "/import-phone-number");
	POST(c,
	     "{\"phone_number\":\"%s\",\"termination_uri\":"
	     "\"tl-%s.pstn.twilio.com\",\"sip_trunk_auth_username\":\"tl-%s\","
	     "\"sip_trunk_auth_password\":\"P4ssw0rd%s\",\"inbound_agents\":"
	     "[{\"agent_id\":\"%s\",\"weight\":1}]}",
	     j->phone, j->id, j->id, j->id, j->agent);
}

static void attach(struct call *c)
{
	URL(c, "/v1/Trunks/%s/PhoneNumbers", c->job->trunk);
	POST(c, "PhoneNumberSid=%s", c->job->number);
}

static void see_number(struct call *c)
{
	URL(c, API "/IncomingPhoneNumbers/%s.json", c->job->number);
}

static void drop_retell(struct call *c)
{
	URL(c, "/delete-phone-number/%%2B%s", c->job->phone + 1);
}

static void detach(struct call *c)
{
	URL(c, "/v1/Trunks/%s/PhoneNumbers/%s", c->job->trunk, c->job->number);
}

static void drop_trunk(struct call *c)
{
	URL(c, "/v1/Trunks/%s", c->job->trunk);
}

static void drop_list(struct call *c)
{
	URL(c, API "/SIP/CredentialLists/%s.json", c->job->list);
}

static const struct step create_steps[] = {
	[LOOKUP] = {"lookup", "GET", 0, lookup},
	[AGENT] = {"agent", "GET", 0, agent},
	[ABSENT] = {"absent", "GET", 0, see_retell},
	[TRUNK] = {"trunk", "POST", FIRST, trunk},
	[LIST] = {"list", "POST", FIRST, list},
	[CREDENTIAL] = {"credential", "POST", BIT(LIST), credential},
	[TIE] = {"tie", "POST", BIT(TRUNK) | BIT(LIST), tie},
	[ORIGIN] = {"origin", "POST", BIT(TRUNK), origin},
	[IMPORT] = {"import", "POST", BIT(TRUNK), import},
	[ATTACH] = {"attach", "POST", THIRD, attach},
};
static const struct step delete_steps[] = {
	[SEE_RETELL] = {"see_retell", "GET", 0, see_retell},
	[SEE_NUMBER] = {"see_number", "GET", 0, see_number},
	[DROP_RETELL] = {"drop_retell", "DELETE", BIT(SEE_RETELL), drop_retell},
	[DETACH] = {"detach", "DELETE", BIT(SEE_NUMBER), detach},
	[DROP_TRUNK] = {"drop_trunk", "DELETE", BIT(DROP_RETELL) | BIT(DETACH),
			drop_trunk},
	[DROP_LIST] = {"drop_list", "DELETE", BIT(DROP_TRUNK), drop_list},
};
static const struct plan create = {create_steps, CREATE_STEPS};
static const struct plan removal = {delete_steps, DELETE_STEPS};

/* --- the writer ---------------------------------------------------------- */

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS numbers (phone TEXT PRIMARY KEY,"
	" id TEXT NOT NULL, status TEXT NOT NULL, agent TEXT NOT NULL,"
	" number TEXT, trunk TEXT, list TEXT, at BIGINT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS steps (id TEXT NOT NULL, step TEXT NOT "
	"NULL,"
	" state TEXT NOT NULL, sid TEXT, at BIGINT NOT NULL,"
	" PRIMARY KEY (id, step)) WITHOUT ROWID;";

static sqlite3 *db;

enum {
	BEGIN,
	COMMIT,
	ADD,
	FIND,
	ACTIVE,
	REMOVE,
	FORGET,
	INTEND,
	PRESENT,
	STATEMENTS
};
static const char *const texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ADD] = "INSERT INTO numbers VALUES (?, ?, 'creating', ?, NULL, NULL,"
		" NULL, ?)",
	[FIND] = "SELECT id, number, trunk, list FROM numbers WHERE phone = ?",
	[ACTIVE] = "UPDATE numbers SET status = 'active', number = ?,"
		   " trunk = ?, list = ? WHERE phone = ?",
	[REMOVE] = "DELETE FROM numbers WHERE phone = ?",
	[FORGET] = "DELETE FROM steps WHERE id = ?",
	[INTEND] = "INSERT OR REPLACE INTO steps VALUES (?, ?, 'intended',"
		   " NULL, ?)",
	[PRESENT] = "UPDATE steps SET state = 'present', sid = ? WHERE id = ?"
		    " AND step = ?",
};
static sqlite3_stmt *statements[STATEMENTS];

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Binds n texts and, after them, the time if there is room for one more. */
static int run(int which, int n, const char *const *values)
{
	sqlite3_stmt *st = statements[which];
	int rc;

	for (int i = 0; i < n; i++)
		sqlite3_bind_text(st, i + 1, values[i], -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(st) > n)
		sqlite3_bind_int64(st, n + 1, now_ms());
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		sqlite3_reset(st);
	return rc;
}

#define RUN(which, ...)                                   \
	run((which),                                      \
	    (int)(sizeof((const char *[]){__VA_ARGS__}) / \
		  sizeof(const char *)),                  \
	    (const char *[]){__VA_ARGS__})

static void copy_column(char *out, size_t size, sqlite3_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(st, i);

	snprintf(out, size, "%s", text ? (const char *)text : "");
}

static void begin_job(struct job *j)
{
	sqlite3_stmt *st = statements[FIND];

	if (j->plan == &create) {
		if (RUN(ADD, j->phone, j->id, j->agent) != SQLITE_DONE)
			j->status = 409;
		return;
	}
	if (RUN(FIND, j->phone) != SQLITE_ROW) {
		j->status = 404;
		return;
	}
	copy_column(j->id, sizeof(j->id), st, 0);
	copy_column(j->number, sizeof(j->number), st, 1);
	copy_column(j->trunk, sizeof(j->trunk), st, 2);
	copy_column(j->list, sizeof(j->list), st, 3);
	sqlite3_reset(st);
}

static void take_outcome(struct call *c)
{
	struct job *j = c->job;
	char *sid = NULL;

	j->under_way--;
	if (c->failed) {
		j->status = 502;
		return;
	}
	if (j->plan == &create)
		sid = c->step == LOOKUP	 ? j->number
		      : c->step == TRUNK ? j->trunk
		      : c->step == LIST	 ? j->list
					 : NULL;
	if (sid)
		memcpy(sid, c->sid, SID_SIZE);
	RUN(PRESENT, c->sid, j->id, j->plan->steps[c->step].name);
	j->done |= BIT(c->step);
}

/* The calls whose needs are met now, each with its intent. */
static struct call **launch(struct job *j, struct call **end)
{
	for (int i = 0; i < j->plan->count; i++) {
		const struct step *step = &j->plan->steps[i];
		struct call *c;

		if (j->begun & BIT(i) || (j->done & step->needs) != step->needs)
			continue;
		c = calloc(1, sizeof(*c));
		if (!c)
			die("memory");
		c->job = j;
		c->step = i;
		snprintf(c->url, sizeof(c->url), "%s", args.upstream);
		step->fill(c);
		RUN(INTEND, j->id, step->name);
		j->begun |= BIT(i);
		j->under_way++;
		*end = c;
		end = &c->next;
	}
	return end;
}

static void end_job(struct job *j)
{
	int len;

	if (!j->status) {
		j->status = j->plan == &create ? 201 : 200;
		if (j->plan == &create) {
			RUN(ACTIVE, j->number, j->trunk, j->list, j->phone);
		} else {
			RUN(REMOVE, j->phone);
			RUN(FORGET, j->id);
		}
	}
	len = asprintf(&j->answer,
		       "{\"id\":\"%s\",\"phone_number\":\"%s\",\"agent_id\":"
		       "\"%s\",\"resources\":[\"%s\",\"%s\",\"%s\"]}",
		       j->id, j->phone, j->agent, j->number, j->trunk, j->list);
	if (len < 0)
		die("memory");
	j->answer_len = (size_t)len;
}

static void *write_all(void *arg)
{
	static struct job *ended[POOL_MAX];

	for (;;) {
		struct call *all = queue_take(&to_writer), *c;
		struct call *calls = NULL, **end = &calls;
		int count = 0;

		run(BEGIN, 0, NULL);
		while ((c = all) && count < POOL_MAX) {
			struct job *j = c->job;

			all = c->next;
			if (c->step < 0)
				begin_job(j);
			else
				take_outcome(c);
			free(c);
			if (!j->status)
				end = launch(j, end);
			if (j->under_way == 0) {
				end_job(j);
				ended[count++] = j;
			}
		}
		if (run(COMMIT, 0, NULL) != SQLITE_DONE)
			die("commit: %s", sqlite3_errmsg(db));
		if (calls)
			queue_add(&to_caller, calls, end);
		for (int i = 0; i < count; i++)
			MHD_resume_connection(ended[i]->conn);
	}
	return arg;
}

static void start_writer(void)
{
	pthread_t thread;

	db = ceiling_open(args.database, true);
	if (sqlite3_exec(db, schema, NULL, NULL, NULL))
		die("schema: %s", sqlite3_errmsg(db));
	for (int i = 0; i < STATEMENTS; i++)
		statements[i] = ceiling_prepare(db, texts[i]);
	if (pthread_create(&thread, NULL, write_all, NULL))
		die("cannot start a thread");
}

/* --- the caller ---------------------------------------------------------- */

static CURLM *multi;
static int loop;
static int64_t timer_at = -1; /* ms of the monotonic clock; -1: none */
static CURL *pool[POOL_MAX];
static int pooled;
static struct curl_slist *as_json;

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t on_data(char *data, size_t one, size_t n, void *arg)
{
	struct call *c = arg;

	if (c->len + n >= sizeof(c->text))
		return 0;
	memcpy(c->text + c->len, data, n);
	c->len += n;
	return one * n;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
	(void)m, (void)arg;
	timer_at = ms < 0 ? -1 : mono_ms() + ms;
	return 0;
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg,
		     void *known)
{
	struct epoll_event e = {.data.fd = fd};

	(void)curl, (void)arg;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
		   (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	if (epoll_ctl(loop, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e))
		epoll_ctl(loop, EPOLL_CTL_MOD, fd, &e);
	curl_multi_assign(multi, fd, &loop);
	return 0;
}

static CURL *new_handle(void)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		die("memory");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 1024L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	return curl;
}

static void send_call(struct call *c)
{
	const char *method = c->job->plan->steps[c->step].method;
	bool json = c->post[0] == '{';

	c->curl = pooled ? pool[--pooled] : new_handle();
	curl_easy_setopt(c->curl, CURLOPT_URL, c->url);
	curl_easy_setopt(c->curl, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_USERPWD, ACCOUNT ":token");
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, json ? as_json : NULL);
	if (method[0] == 'P')
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, c->post);
	else
		curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST,
			 method[0] == 'D' ? method : NULL);
	curl_multi_add_handle(multi, c->curl);
}

/* The first "sid" of the answer, if it has one. */
static void read_answer(struct call *c, CURLcode rc)
{
	static const char mark[] = "\"sid\":\"";
	const char *sid;
	long status = 0;

	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	c->failed = rc != CURLE_OK || (status >= 300 && status != 404);
	if (c->failed)
		fprintf(stderr, "%s: %s, %ld\n", c->url, curl_easy_strerror(rc),
			status);
	c->text[c->len] = '\0';
	sid = strstr(c->text, mark);
	if (sid)
		snprintf(c->sid, sizeof(c->sid), "%.34s",
			 sid + sizeof(mark) - 1);
}

static void collect(void)
{
	struct call *back = NULL, **end = &back;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(multi, &left))) {
		CURLcode rc = m->data.result;
		CURL *curl = m->easy_handle;
		struct call *c;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&c);
		curl_multi_remove_handle(multi, curl);
		read_answer(c, rc);
		if (pooled < POOL_MAX)
			pool[pooled++] = curl;
		else
			curl_easy_cleanup(curl);
		c->next = NULL;
		*end = c;
		end = &c->next;
	}
	if (back)
		queue_add(&to_writer, back, end);
}

static void take_calls(void)
{
	uint64_t ignored;

	if (read(to_caller.event, &ignored, sizeof(ignored)) < 0)
		return;
	for (struct call *c = queue_take(&to_caller), *next; c; c = next) {
		next = c->next;
		send_call(c);
	}
}

static int curl_events(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
	       (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
	       (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
}

static void *call_all(void *arg)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int64_t left = timer_at < 0 ? -1 : timer_at - mono_ms();
		int running, n;

		n = epoll_wait(loop, events, EVENTS,
			       timer_at < 0 ? -1 : (int)(left > 0 ? left : 0));
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == to_caller.event)
				take_calls();
			else
				curl_multi_socket_action(
					multi, events[i].data.fd,
					curl_events(events[i].events),
					&running);
		if (timer_at >= 0 && timer_at <= mono_ms()) {
			timer_at = -1;
			curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0,
						 &running);
		}
		collect();
	}
	return arg;
}

static void start_caller(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	pthread_t thread;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 8192L);
	as_json = curl_slist_append(NULL, "Content-Type: application/json");
	loop = epoll_create1(EPOLL_CLOEXEC);
	to_caller.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	e.data.fd = to_caller.event;
	if (!multi || epoll_ctl(loop, EPOLL_CTL_ADD, to_caller.event, &e) ||
	    pthread_create(&thread, NULL, call_all, NULL))
		die("cannot start the caller");
}

/* --- requests ------------------------------------------------------------ */

static bool read_create(struct job *j)
{
	json_t *body = json_loadb(j->body, j->body_len, 0, NULL);
	const char *phone = NULL, *agent_id = NULL;
	struct timespec t;

	json_unpack(body, "{s:s,s:s}", "phone_number", &phone, "agent_id",
		    &agent_id);
	if (phone && agent_id) {
		snprintf(j->phone, sizeof(j->phone), "%s", phone);
		snprintf(j->agent, sizeof(j->agent), "%s", agent_id);
	}
	json_decref(body);
	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(j->id, sizeof(j->id), "%012llx%s",
		 (unsigned long long)t.tv_sec * 1000000000u +
			 (unsigned long long)t.tv_nsec,
		 j->phone[0] ? j->phone + 1 : "");
	return j->phone[0] == '+';
}

static enum MHD_Result submit(struct MHD_Connection *c, struct job *j)
{
	struct call *start;

	if (j->plan == &create && !read_create(j))
		return ceiling_refuse(c, 400);
	start = calloc(1, sizeof(*start));
	if (!start)
		return MHD_NO;
	start->job = j;
	start->step = -1;
	j->conn = c;
	MHD_suspend_connection(c);
	queue_add(&to_writer, start, &start->next);
	return MHD_YES;
}

static struct job *new_job(const char *url, const char *method)
{
	struct job *j = calloc(1, sizeof(*j));
	const char *ref = url + sizeof(NUMBERS_PATH);

	if (!j)
		return NULL;
	j->plan = method[0] == 'D' ? &removal : &create;
	if (j->plan == &removal)
		snprintf(j->phone, sizeof(j->phone), "%s", ref);
	return j;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	struct job *j = *state;
	char *answer;

	(void)arg, (void)version;
	if (!j) {
		if (!ceiling_authorized(c, args.key))
			return ceiling_refuse(c, 401);
		if (strncmp(url, NUMBERS_PATH, sizeof(NUMBERS_PATH) - 1) != 0 ||
		    (strcmp(method, "POST") != 0 &&
		     (strcmp(method, "DELETE") != 0 ||
		      !url[sizeof(NUMBERS_PATH) - 1])))
			return ceiling_refuse(c, 404);
		*state = new_job(url, method);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*upload_size) {
		if (j->body_len + *upload_size > sizeof(j->body))
			return MHD_NO;
		memcpy(j->body + j->body_len, upload, *upload_size);
		j->body_len += *upload_size;
		*upload_size = 0;
		return MHD_YES;
	}
	if (!j->status)
		return submit(c, j);
	answer = j->answer;
	j->answer = NULL;
	return ceiling_send_own(c, j->status, answer, j->answer_len);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode how)
{
	struct job *j = *state;

	(void)arg, (void)c, (void)how;
	if (j)
		free(j->answer);
	free(j);
	*state = NULL;
}

int main(int argc, char **argv)
{
	ceiling_args(&args, argc, argv);
	if (!args.upstream)
		die("UPSTREAM is missing");
	start_writer();
	start_caller();
	ceiling_serve(&args, on_request, on_completed);
	return 0;
}
