// SPDX-License-Identifier: MIT
// sdks.mjs - the official packages of Twilio and Retell against the sandbox:
// a number is provisioned, mistakes are made, everything is taken down again.
//
//   node sdks.mjs SANDBOX_URL
//
// What they accept as an answer, the providers' real answers look like.
import assert from "node:assert/strict";
import Retell from "retell-sdk";
import twilio from "twilio";

const ACCOUNT = "AC" + "5a".repeat(16);
const TOKEN = "sandbox-auth-token";
const NUMBER = "+14155550100";
const DOMAIN = "contract-test.pstn.twilio.com";
const sandbox = process.argv[2];

/* Twilio's client with every host of theirs at the sandbox. */
class Redirected extends twilio.RequestClient {
	request(options) {
		const { pathname, search } = new URL(options.uri);
		return super.request({ ...options, uri: sandbox + pathname + search });
	}
}

const tw = twilio(ACCOUNT, TOKEN, { httpClient: new Redirected() });
const trunking = tw.trunking.v1;
const retell = new Retell({ apiKey: "key_sandbox", baseURL: sandbox,
	maxRetries: 0 });

async function refused(call, status, code) {
	const error = await call.then(
		() => assert.fail(`status ${status} was expected`), e => e);
	assert.equal(error.status, status, `${error}`);
	if (code)
		assert.equal(error.code, code, `${error}`);
	return error;
}

async function findNumber() {
	const found = await tw.incomingPhoneNumbers.list(
		{ phoneNumber: NUMBER, limit: 20 });
	assert.equal(found.length, 1);
	assert.equal(found[0].phoneNumber, NUMBER);
	assert.match(found[0].sid, /^PN[0-9a-f]{32}$/);
	assert.ok(found[0].dateCreated instanceof Date);
	return found[0];
}

async function makeTrunk() {
	const trunk = await trunking.trunks.create({
		friendlyName: "contract test", domainName: DOMAIN,
		transferMode: "enable-all", secure: false,
	});
	assert.match(trunk.sid, /^TK[0-9a-f]{32}$/);
	assert.equal(trunk.domainName, DOMAIN);
	assert.equal(trunk.transferMode, "enable-all");
	assert.ok(trunk.dateCreated instanceof Date);
	const error = await refused(trunking.trunks.create(
		{ domainName: DOMAIN }), 400, 21245);
	assert.match(error.moreInfo, /\/21245$/);
	return trunk;
}

async function makeCredentials(trunk) {
	const lists = tw.sip.credentialLists;
	const list = await lists.create({ friendlyName: "contract test" });
	assert.match(list.sid, /^CL[0-9a-f]{32}$/);
	await refused(lists.create({ friendlyName: "contract test" }), 400, 21240);

	const weak = { username: "trunkline", password: "too-weak" };
	await refused(lists(list.sid).credentials.create(weak), 400);
	const credential = await lists(list.sid).credentials.create(
		{ username: "trunkline", password: "Correct7HorseStaple" });
	assert.match(credential.sid, /^CR[0-9a-f]{32}$/);
	assert.equal(credential.credentialListSid, list.sid);
	assert.equal(credential.password, undefined);

	const tie = await trunking.trunks(trunk.sid).credentialsLists.create(
		{ credentialListSid: list.sid });
	assert.equal(tie.trunkSid, trunk.sid);
	return list;
}

async function makeOrigination(trunk) {
	const { originationUrls } = trunking.trunks(trunk.sid);
	const url = await originationUrls.create({
		friendlyName: "contract test", enabled: true, weight: 10, priority: 10,
		sipUrl: "sip:sip.retellai.com;transport=tcp",
	});
	assert.match(url.sid, /^OU[0-9a-f]{32}$/);
	assert.equal(url.weight, 10);
	assert.equal((await originationUrls.list()).length, 1);
}

async function attach(trunk, number) {
	const { phoneNumbers } = trunking.trunks(trunk.sid);
	const tie = await phoneNumbers.create({ phoneNumberSid: number.sid });
	assert.equal(tie.phoneNumber, NUMBER);
	assert.equal((await phoneNumbers.list()).length, 1);
	assert.equal((await tw.incomingPhoneNumbers(number.sid).fetch()).trunkSid,
		trunk.sid);
}

const importIt = () => retell.phoneNumber.import({
	phone_number: NUMBER, termination_uri: DOMAIN,
	sip_trunk_auth_username: "trunkline",
	sip_trunk_auth_password: "Correct7HorseStaple",
	inbound_agents: [{ agent_id: "agent_sandbox_1", weight: 1 }],
	nickname: "Front desk",
});

async function importNumber() {
	const imported = await importIt();
	assert.equal(imported.phone_number, NUMBER);
	assert.equal(imported.phone_number_type, "custom");
	assert.equal(imported.nickname, "Front desk");
	assert.equal(imported.sip_outbound_trunk_config.termination_uri, DOMAIN);
	assert.ok(!JSON.stringify(imported).includes("Correct7HorseStaple"));
	assert.ok(await refused(importIt(), 400) instanceof Retell.BadRequestError);

	const updated = await retell.phoneNumber.update(NUMBER, {
		nickname: "Night line",
		outbound_agents: [{ agent_id: "agent_sandbox_2", weight: 1 }],
	});
	assert.equal(updated.nickname, "Night line");
	assert.equal((await retell.phoneNumber.update(NUMBER, { nickname: null }))
		.nickname, null);
	await retell.phoneNumber.update(NUMBER, { nickname: "Night line" });
	const seen = await retell.phoneNumber.retrieve(NUMBER);
	assert.deepEqual({ ...seen, last_modification_timestamp: 0 },
		{ ...updated, last_modification_timestamp: 0 });
	assert.ok(updated.last_modification_timestamp > 0);

	const numbers = [];
	let page = {};
	do {
		page = await retell.phoneNumber.list({ limit: 1,
			...(page.has_more && { pagination_key: page.pagination_key }) });
		numbers.push(...page.items);
	} while (page.has_more);
	assert.equal(numbers.filter(n => n.phone_number === NUMBER).length, 1);
	assert.equal((await retell.agent.retrieve("agent_sandbox_1")).agent_id,
		"agent_sandbox_1");
}

/* Their clients turn the pages by the links that we give. */
async function turnPages(trunk) {
	const trunks = await trunking.trunks.list({ pageSize: 1 });
	assert.equal(trunks.length, 3, "ours and two that were there");
	assert.equal(new Set(trunks.map(t => t.sid)).size, 3);
	assert.ok(trunks.some(t => t.sid === trunk.sid));

	const numbers = await tw.incomingPhoneNumbers.list({ pageSize: 7, limit: 20 });
	assert.equal(new Set(numbers.map(n => n.sid)).size, 20);
	const free = numbers.find(n => !n.trunkSid);
	assert.equal(free.voiceApplicationSid, "", "unset is empty here");
	assert.equal(free.voiceUrl, null, "and null there");
}

async function makeMistakes(list) {
	const nowhere = "TK" + "0".repeat(32);
	const error = await refused(trunking.trunks(nowhere).fetch(), 404, 20404);
	assert.ok(error instanceof twilio.RestException);
	await refused(trunking.trunks(nowhere).remove(), 404, 20404);
	await refused(tw.sip.credentialLists("CL" + "0".repeat(32)).fetch(), 404,
		20404);
	// It is still on the trunk.
	await refused(tw.sip.credentialLists(list.sid).remove(), 400, 21241);

	const stranger = twilio(ACCOUNT, "another-token",
		{ httpClient: new Redirected() });
	await refused(stranger.trunking.v1.trunks.list(), 401, 20003);

	const unknown = await refused(retell.phoneNumber.retrieve("+14155550198"),
		404);
	assert.ok(unknown instanceof Retell.APIError);
	const outsider = new Retell({ apiKey: "key_of_nobody", baseURL: sandbox,
		maxRetries: 0 });
	assert.ok(await refused(outsider.phoneNumber.retrieve(NUMBER), 401)
		instanceof Retell.AuthenticationError);
}

async function tearDown(trunk, list, number) {
	await retell.phoneNumber.delete(NUMBER);
	await refused(retell.phoneNumber.retrieve(NUMBER), 404);
	assert.ok(await trunking.trunks(trunk.sid).phoneNumbers(number.sid)
		.remove());
	assert.ok(await trunking.trunks(trunk.sid).remove());
	await refused(trunking.trunks(trunk.sid).fetch(), 404, 20404);
	// Its domain stays reserved for a while.
	await refused(trunking.trunks.create({ domainName: DOMAIN }), 400, 21248);
	assert.ok(await tw.sip.credentialLists(list.sid).remove());
	assert.equal((await findNumber()).trunkSid || null, null);
}

const number = await findNumber();
const trunk = await makeTrunk();
const list = await makeCredentials(trunk);
await makeOrigination(trunk);
await attach(trunk, number);
await importNumber();
await turnPages(trunk);
await makeMistakes(list);
await tearDown(trunk, list, number);
console.log("sdks: provisioned, refused and taken down");
