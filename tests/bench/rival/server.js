// SPDX-License-Identifier: MIT
/*
 * server.js - the same service as one writes it with Fastify and better-sqlite3:
 * a column for each field, answers by schema, the official bearer plugin, no
 * log, the calls of a create one after the other, each step on disk before the
 * next. Eight calls: it does not look whether the agent is there and the number
 * is not yet at Retell. On failure nothing is taken back.
 *
 * Its environment: DATABASE KEY PORT UPSTREAM
 */
'use strict'

const { randomUUID } = require('node:crypto')
const Database = require('better-sqlite3')
const { Agent, request } = require('undici')
const { json, columns, number } = require('./fields')

const { DATABASE, KEY, PORT, UPSTREAM } = process.env
const ACCOUNT = 'AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'
const NUMBERS = '/v1/agent-phone-numbers'
const now = () => new Date().toISOString()

// --- the database, which import.js has made -----------------------------------

const db = new Database(DATABASE)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.pragma('cache_size = -65536')

const byId = db.prepare(`SELECT ${columns} FROM numbers WHERE id = ?`)
const byNumber = db.prepare(`SELECT ${columns} FROM numbers WHERE phone_number = ?`)
const page = db.prepare(`SELECT seq, ${columns} FROM numbers WHERE seq < ? ORDER BY seq DESC LIMIT ?`)
const insert = db.prepare(`INSERT INTO numbers (${columns}) VALUES (${columns.map(() => '?')})`)
const finish = db.prepare("UPDATE numbers SET status = 'active', trunk = ?, resources = ?, updated_at = ? WHERE id = ?")
const remove = db.prepare('DELETE FROM numbers WHERE id = ?')
const forget = db.prepare('DELETE FROM steps WHERE number_id = ?')
const note = db.prepare('INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?)')

const booleans = columns.filter((name) => number.properties[name].type === 'boolean')

function fromRow (row) {
  for (const name of booleans) row[name] = row[name] === 1
  for (const name of json) if (row[name] !== null) row[name] = JSON.parse(row[name])
  return row
}

function toRow (item) {
  return columns.map((name) => {
    const value = item[name] ?? null
    if (json.has(name)) return value && JSON.stringify(value)
    return typeof value === 'boolean' ? Number(value) : value
  })
}

// --- the providers ------------------------------------------------------------

const agent = new Agent({ keepAliveTimeout: 60000 })
const basic = 'Basic ' + Buffer.from(`${ACCOUNT}:token`).toString('base64')
const form = (fields) => new URLSearchParams(fields).toString()

async function call (method, path, body) {
  const headers = { authorization: path.includes('phone-number') ? 'Bearer retell' : basic }
  if (body) headers['content-type'] = body[0] === '{' ? 'application/json' : 'application/x-www-form-urlencoded'
  const answer = await request(UPSTREAM + path, { method, headers, body, dispatcher: agent })
  const text = await answer.body.text()
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode}`)
  return text ? JSON.parse(text) : {}
}

const api = `/2010-04-01/Accounts/${ACCOUNT}`
const domainOf = (n) => `tl-${n.id}.pstn.twilio.com`

// [kind of the resource, the call that makes it]
function createSteps (n, sid) {
  const trunk = () => `/v1/Trunks/${sid.trunk}`
  return [
    ['number', async () => {
      const found = await call('GET', `${api}/IncomingPhoneNumbers.json?PhoneNumber=${encodeURIComponent(n.phone_number)}`)
      return found.incoming_phone_numbers[0]
    }],
    ['trunk', () => call('POST', '/v1/Trunks', form({ FriendlyName: n.id, DomainName: domainOf(n) }))],
    ['origination_url', () => call('POST', `${trunk()}/OriginationUrls`, form({
      FriendlyName: n.id, SipUrl: 'sip:sip.retellai.com;transport=tcp', Priority: 10, Weight: 10, Enabled: true
    }))],
    ['credential_list', () => call('POST', `${api}/SIP/CredentialLists.json`, form({ FriendlyName: n.id }))],
    ['credential', () => call('POST', `${api}/SIP/CredentialLists/${sid.credential_list}/Credentials.json`, form({
      Username: `tl-${n.id}`, Password: `P4ss${n.id}`
    }))],
    ['trunk_credential_list', () => call('POST', `${trunk()}/CredentialLists`, form({ CredentialListSid: sid.credential_list }))],
    ['trunk_phone_number', () => call('POST', `${trunk()}/PhoneNumbers`, form({ PhoneNumberSid: sid.number }))],
    ['retell_number', () => call('POST', '/import-phone-number', JSON.stringify({
      phone_number: n.phone_number,
      termination_uri: domainOf(n),
      sip_trunk_auth_username: `tl-${n.id}`,
      sip_trunk_auth_password: `P4ss${n.id}`,
      inbound_agents: n.inbound_agents,
      outbound_agents: n.outbound_agents
    }))]
  ]
}

function deleteSteps (n) {
  const sid = Object.fromEntries(n.resources.map((r) => [r.kind, r.id]))
  const trunk = `/v1/Trunks/${sid.trunk}`
  return [
    ['retell_number', () => call('DELETE', `/delete-phone-number/${encodeURIComponent(n.phone_number)}`)],
    ['trunk_phone_number', () => call('DELETE', `${trunk}/PhoneNumbers/${sid.trunk_phone_number}`)],
    ['trunk', () => call('DELETE', trunk)],
    ['credential_list', () => call('DELETE', `${api}/SIP/CredentialLists/${sid.credential_list}.json`)]
  ]
}

// --- steps, each on disk before its call and its outcome before the next ------

const begin = db.transaction((id, row) => {
  if (row) insert.run(row)
  note.run(id, 0, 'intended', null, now())
})

const advance = db.transaction((id, k, sid, last) => {
  note.run(id, k, 'present', sid, now())
  if (last) last()
  else note.run(id, k + 1, 'intended', null, now())
})

async function carryOut (id, steps, sid, last) {
  for (const [k, [kind, run]] of steps.entries()) {
    const answer = await run()
    sid[kind] = answer.sid ?? answer.phone_number
    advance(id, k, sid[kind], k === steps.length - 1 && last)
  }
}

async function create (body) {
  const at = now()
  const agents = [{ agent_id: body.agent_id, weight: 1 }]
  const sid = {}
  const n = {
    ...body,
    id: randomUUID(),
    status: 'creating',
    version: 1,
    provider: 'twilio',
    supports_inbound: true,
    supports_outbound: true,
    inbound_agents: agents,
    outbound_agents: agents,
    inbound_agent_id: body.agent_id,
    outbound_agent_id: body.agent_id,
    twilio_account_sid: ACCOUNT,
    take_over: false,
    metadata: body.metadata ?? {},
    has_twilio_credentials: false,
    has_auth_credentials: true,
    created_at: at,
    updated_at: at
  }
  begin(n.id, toRow(n))
  await carryOut(n.id, createSteps(n, sid), sid, () => {
    const kinds = Object.keys(sid).filter((kind) => kind !== 'number')
    const resources = kinds.map((kind) => ({ kind, id: sid[kind], state: 'present', created_at: at }))
    finish.run(JSON.stringify({ sid: sid.trunk, termination_uri: domainOf(n) }), JSON.stringify(resources), now(), n.id)
  })
  return fromRow(byId.get(n.id))
}

async function destroy (n) {
  begin(n.id)
  await carryOut(n.id, deleteSteps(n), {}, () => {
    remove.run(n.id)
    forget.run(n.id)
  })
  return { id: n.id, phone_number: n.phone_number, status: 'deleted' }
}

// --- the API ------------------------------------------------------------------

const string = { type: 'string' }
const problem = { type: 'object', properties: { code: string } }
const list = {
  type: 'object',
  properties: { items: { type: 'array', items: number }, next_cursor: { type: ['string', 'null'] } }
}
const params = { type: 'object', properties: { id: { type: 'string', maxLength: 64 } } }
const querystring = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    cursor: { type: 'string', maxLength: 64 }
  }
}
const wanted = {
  type: 'object',
  required: ['phone_number', 'agent_id'],
  properties: {
    phone_number: { type: 'string', pattern: '^\\+[1-9][0-9]{6,14}$' },
    agent_id: string,
    label: { type: 'string', maxLength: 64 },
    metadata: { type: 'object' }
  }
}

const find = (id) => (id[0] === '+' ? byNumber : byId).get(id)

function refuse (answer, status, code) {
  answer.code(status)
  return { code }
}

async function getOne (rq, answer) {
  const row = find(rq.params.id)
  return row ? fromRow(row) : refuse(answer, 404, 'not-found')
}

async function getPage (rq) {
  const { cursor, limit } = rq.query
  const rows = page.all(cursor ? Number(cursor) : Number.MAX_SAFE_INTEGER, limit + 1)
  const more = rows.length > limit && rows.pop()
  return { items: rows.map(fromRow), next_cursor: more ? String(rows.at(-1).seq) : null }
}

async function post (rq, answer) {
  if (find(rq.body.phone_number)) return refuse(answer, 409, 'number-already-exists')
  const made = await create(rq.body)
  answer.code(201)
  return made
}

async function del (rq, answer) {
  const row = find(rq.params.id)
  return row ? destroy(fromRow(row)) : refuse(answer, 404, 'not-found')
}

const app = require('fastify')({ logger: false })
app.register(require('@fastify/bearer-auth'), { keys: new Set([KEY]) })
app.register(async (routes) => {
  routes.get(`${NUMBERS}/:id`, { schema: { params, response: { 200: number, 404: problem } } }, getOne)
  routes.get(NUMBERS, { schema: { querystring, response: { 200: list } } }, getPage)
  routes.post(NUMBERS, { schema: { body: wanted, response: { 201: number, 409: problem } } }, post)
  routes.delete(`${NUMBERS}/:id`, { schema: { params, response: { 404: problem } } }, del)
})
app.listen({ host: '127.0.0.1', port: Number(PORT), backlog: 4096 }).then(
  (url) => console.log(`rival listening on ${new URL(url).port}`),
  (e) => { console.error(e); process.exit(1) })
