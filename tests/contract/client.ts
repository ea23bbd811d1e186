// SPDX-License-Identifier: MIT
// client.ts - the main job, done with a client that openapi-typescript made.
//
//   node client.js URL API_KEY NUMBER NUMBER
//
// List, create, get, patch, create without waiting, follow the operation,
// meet some problems, delete. What compiles here is what users can write.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type Number = Schemas["AgentPhoneNumber"];
type Operation = Schemas["Operation"];
type Problem = Schemas["Problem"];

// Compiles only if T is not any, whatever else it is.
type Known<T> = 0 extends 1 & T ? never : T;
const known = <T>(value: Known<T>): T => value;

const [url, key, first, second] = process.argv.slice(2);
assert(url && key && first && second, "usage: client.js URL KEY NUMBER NUMBER");

const connect = (token: string) => createClient<paths>({
	baseUrl: url,
	headers: { Authorization: `Bearer ${token}` },
});
const api = connect(key);
const NUMBERS = "/v1/agent-phone-numbers";
const ONE = "/v1/agent-phone-numbers/{id}";

// Successes come as a union of what a status may bring: its members tell.
function isNumber(answer: object): answer is Number {
	return "trunk" in answer;
}

function isOperation(answer: object): answer is Operation {
	return "progress" in answer;
}

function problem(error: Problem | undefined): Problem {
	assert(error, "a problem was expected");
	assert.equal(error.type, `/problems/${error.code}`);
	return known(error);
}

type Page = Schemas["AgentPhoneNumberList"];

async function page(query: { limit: number; cursor?: string }): Promise<Page> {
	const { data, error } = await api.GET(NUMBERS, { params: { query } });
	assert(data, error?.detail);
	return known(data);
}

async function list(): Promise<Number[]> {
	let { items, next_cursor } = await page({ limit: 1 });
	while (next_cursor !== null) {
		const next = await page({ limit: 1, cursor: next_cursor });
		items = [...items, ...next.items];
		next_cursor = next.next_cursor;
	}
	return items;
}

async function create(phone_number: string): Promise<Number> {
	const { data, error, response } = await api.POST(NUMBERS, {
		params: { header: { "Idempotency-Key": `create-${phone_number}` } },
		body: {
			phone_number,
			label: "Front desk",
			inbound_agents: [
				{ agent_id: "agent_sandbox_1", weight: 0.75 },
				{ agent_id: "agent_sandbox_2", weight: 0.25,
				  agent_version: "latest_published" },
			],
			outbound_agent_id: "agent_sandbox_1",
			metadata: { team: "support" },
		},
	});
	assert.equal(response.status, 201, error?.detail);
	assert(data && isNumber(data));
	assert.equal(data.status, "active");
	assert.equal(response.headers.get("Location"), `${NUMBERS}/${data.id}`);
	assert.match(data.trunk?.termination_uri ?? "", /\.pstn\.twilio\.com$/);
	return data;
}

async function getBothWays(number: Number): Promise<string> {
	for (const id of [number.id, number.phone_number]) {
		const { data } = await api.GET(ONE, { params: { path: { id } } });
		assert.deepEqual(data, number);
	}
	const { response } = await api.GET(ONE,
		{ params: { path: { id: number.id } } });
	const etag = response.headers.get("ETag");
	assert(etag);
	return etag;
}

async function patch(number: Number, etag: string): Promise<void> {
	const change = (label: string | null) => api.PATCH(ONE, {
		params: { path: { id: number.id }, header: { "If-Match": etag } },
		headers: { "Content-Type": "application/merge-patch+json" },
		body: { label, inbound_agent_id: "agent_sandbox_3" },
	});
	const { data, error } = await change("Night line");
	assert(data && isNumber(data), error?.detail);
	assert.equal(data.label, "Night line");
	assert.equal(data.inbound_agent_id, "agent_sandbox_3");
	assert.deepEqual(data.metadata, { team: "support" });
	const stale = await change(null);
	assert.equal(stale.response.status, 412);
	assert.equal(problem(stale.error).code, "precondition-failed");
}

async function follow(id: string): Promise<Operation> {
	for (let tries = 0; tries < 500; tries++) {
		const { data, error } = await api.GET("/v1/operations/{id}",
			{ params: { path: { id } } });
		assert(data, error?.detail);
		if (data.ended_at !== null)
			return data;
		await sleep(20);
	}
	throw new Error(`${id} does not end`);
}

async function createAsync(phone_number: string): Promise<Number> {
	const { data, response } = await api.POST(NUMBERS, {
		params: { header: { Prefer: "respond-async" } },
		body: { phone_number, agent_id: "agent_sandbox_1" },
	});
	assert.equal(response.status, 202);
	assert(data && isOperation(data));
	const operation = await follow(data.id);
	assert.equal(operation.state, "succeeded");
	assert.equal(operation.progress.done, operation.progress.total);
	assert(operation.steps.every(step => step.error === null));
	const number = await api.GET(ONE,
		{ params: { path: { id: operation.number_id } } });
	assert.equal(number.data?.operation_id, operation.id);
	return number.data;
}

async function plan(phone_number: string): Promise<void> {
	const { data, response } = await api.POST(NUMBERS, {
		params: { query: { dry_run: true } },
		body: { phone_number },
	});
	assert.equal(response.status, 200);
	assert(data && "dry_run" in data);
	assert(data.steps.some(step => step.makes === "trunk"));
}

async function meetProblems(number: Number): Promise<void> {
	const taken = problem((await api.POST(NUMBERS,
		{ body: { phone_number: number.phone_number } })).error);
	assert.equal(taken.code, "number-already-exists");
	assert.equal(taken.number_id, number.id);

	const invalid = problem((await api.POST(NUMBERS, { body: {
		phone_number: "4155550100",
		outbound_trunk: { password: "weak" },
	} })).error);
	assert.deepEqual(invalid.errors?.map(fault => fault.pointer).sort(),
		["/outbound_trunk/password", "/phone_number"]);

	const failed = problem((await api.POST(NUMBERS, { body: {
		phone_number: "+14155550199", agent_id: "agent_that_is_not",
	} })).error);
	assert.equal(failed.code, "agent-not-found");
	assert.equal(failed.rolled_back, true);
	assert.deepEqual(failed.resources?.remaining, []);

	const stranger = await connect("not-a-key-of-this-service").GET(NUMBERS);
	assert.equal(stranger.response.status, 401);
	assert.equal(problem(stranger.error).code, "unauthorized");
}

async function remove(number: Number): Promise<void> {
	const path = { id: number.id };
	const { data, error } = await api.DELETE(ONE, { params: { path } });
	assert(data && "status" in data, error?.detail);
	assert.equal(data.status, "deleted");
	assert.deepEqual(data.resources.remaining, []);
	assert(data.resources.removed.some(item => item.kind === "trunk"));
	const gone = await api.GET(ONE, { params: { path } });
	assert.equal(gone.response.status, 404);
	assert.equal(problem(gone.error).code, "not-found");
}

assert.deepEqual(await list(), []);
await plan(first);
const one = await create(first);
await patch(one, await getBothWays(one));
const two = await createAsync(second);
assert.deepEqual((await list()).map(number => number.id), [two.id, one.id]);
await meetProblems(one);
await remove(one);
await remove(two);
assert.deepEqual(await list(), []);
console.log("client: the main job is done");
