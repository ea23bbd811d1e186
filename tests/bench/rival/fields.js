// SPDX-License-Identifier: MIT
// fields.js - the fields of a number: columns of the rival's table, and the schema of its answers.
'use strict'

const string = { type: 'string' }
const maybe = { type: ['string', 'null'] }
const boolean = { type: 'boolean' }
const object = (properties, nullable) => ({ type: 'object', properties, ...(nullable ? { nullable } : {}) })
const array = (items) => ({ type: 'array', items, nullable: true })
const anything = { type: 'object', additionalProperties: true, nullable: true }
const agents = array(object({ agent_id: string, weight: { type: 'number' } }))

const properties = {
  id: string,
  status: string,
  version: { type: 'integer' },
  phone_number: string,
  label: maybe,
  provider: string,
  supports_inbound: boolean,
  supports_outbound: boolean,
  inbound_agents: agents,
  outbound_agents: agents,
  inbound_agent_id: maybe,
  outbound_agent_id: maybe,
  inbound_webhook_url: maybe,
  fallback_number: maybe,
  allowed_inbound_country_list: array(string),
  allowed_outbound_country_list: array(string),
  twilio_account_sid: maybe,
  twilio_api_key_sid: maybe,
  outbound_trunk: object({ address: maybe, transport: string, media_encryption: string, username: maybe }, true),
  inbound_trunk: object({ origination_uri: maybe, priority: { type: 'integer' }, weight: { type: 'integer' } }, true),
  connection_policy: anything,
  disaster_recovery_url: maybe,
  take_over: boolean,
  metadata: { type: 'object', additionalProperties: string },
  has_twilio_credentials: boolean,
  has_auth_credentials: boolean,
  trunk: object({ id: maybe, sid: maybe, termination_uri: maybe, origination_uri: maybe }, true),
  resources: array(object({ kind: string, id: maybe, state: string, created_at: string })),
  error: anything,
  operation_id: maybe,
  created_at: string,
  updated_at: string
}

module.exports = {
  number: { type: 'object', properties },
  columns: Object.keys(properties),
  // Kept as JSON text, all others as what they are.
  json: new Set(Object.entries(properties).filter(([, t]) => t.type === 'object' || t.type === 'array').map(([name]) => name))
}
