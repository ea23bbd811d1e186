// SPDX-License-Identifier: MIT
// import.js - import.js SOURCE TARGET UNPACK: the service's numbers, as rows of the rival's table.
// UNPACK is the extension with which SQLite reads the packed columns of the source.
'use strict'

const Database = require('better-sqlite3')
const { json, columns } = require('./fields')

const [source, target, unpack] = process.argv.slice(2)
const from = new Database(source, { readonly: true })
const to = new Database(target)
from.loadExtension(unpack)
const iso = (ms) => new Date(ms).toISOString()

to.pragma('journal_mode = MEMORY')
to.pragma('synchronous = OFF')
to.exec(`CREATE TABLE numbers (seq INTEGER PRIMARY KEY, ${columns.map(
  (name) => name === 'id' || name === 'phone_number' ? `${name} TEXT NOT NULL UNIQUE` : name).join()});
         CREATE TABLE steps (number_id TEXT, step INTEGER, state TEXT, sid TEXT, at TEXT,
                             PRIMARY KEY (number_id, step)) WITHOUT ROWID`)

const insert = to.prepare(`INSERT INTO numbers VALUES (?, ${columns.map(() => '?')})`)

function value (item, name) {
  const is = item[name] ?? null
  if (json.has(name)) return is && JSON.stringify(is)
  return typeof is === 'boolean' ? Number(is) : is
}

to.exec('BEGIN')
for (const row of from.prepare('SELECT *, unpack(spec) AS spec, unpack(built) AS built FROM numbers ORDER BY seq').iterate()) {
  const item = { ...row, ...JSON.parse(row.spec), ...JSON.parse(row.built), created_at: iso(row.created_ms), updated_at: iso(row.updated_ms) }
  insert.run(row.seq, ...columns.map((name) => value(item, name)))
}
to.exec('COMMIT')
to.pragma('journal_mode = WAL')
