/* SPDX-License-Identifier: MIT */
/*
 * handlers.h - one function for each row of routes.c, grouped by file. What a
 * handler may do stands in call.h.
 */
#ifndef SANDBOX_HANDLERS_H
#define SANDBOX_HANDLERS_H

#include "call.h"

typedef void handler_fn(struct sandbox_call *c);

handler_fn fetch_account;
handler_fn list_available_local;
handler_fn list_available_toll_free;
handler_fn list_available_mobile;
handler_fn list_incoming_numbers;
handler_fn buy_incoming_number;
handler_fn fetch_incoming_number;
handler_fn update_incoming_number;
handler_fn release_incoming_number;
handler_fn list_credential_lists;
handler_fn create_credential_list;
handler_fn fetch_credential_list;
handler_fn update_credential_list;
handler_fn delete_credential_list;
handler_fn list_credentials;
handler_fn create_credential;
handler_fn fetch_credential;
handler_fn update_credential;
handler_fn delete_credential;
handler_fn list_ip_acls;
handler_fn create_ip_acl;
handler_fn fetch_ip_acl;
handler_fn update_ip_acl;
handler_fn delete_ip_acl;
handler_fn list_ip_addresses;
handler_fn create_ip_address;
handler_fn fetch_ip_address;
handler_fn update_ip_address;
handler_fn delete_ip_address;
handler_fn list_trunks;
handler_fn create_trunk;
handler_fn fetch_trunk;
handler_fn update_trunk;
handler_fn delete_trunk;
handler_fn fetch_trunk_recording;
handler_fn update_trunk_recording;
handler_fn list_origination_urls;
handler_fn create_origination_url;
handler_fn fetch_origination_url;
handler_fn update_origination_url;
handler_fn delete_origination_url;
handler_fn list_trunk_credential_lists;
handler_fn create_trunk_credential_list;
handler_fn fetch_trunk_credential_list;
handler_fn delete_trunk_credential_list;
handler_fn list_trunk_ip_acls;
handler_fn create_trunk_ip_acl;
handler_fn fetch_trunk_ip_acl;
handler_fn delete_trunk_ip_acl;
handler_fn list_trunk_phone_numbers;
handler_fn create_trunk_phone_number;
handler_fn fetch_trunk_phone_number;
handler_fn delete_trunk_phone_number;
handler_fn list_connection_policies;
handler_fn create_connection_policy;
handler_fn fetch_connection_policy;
handler_fn update_connection_policy;
handler_fn delete_connection_policy;
handler_fn list_connection_policy_targets;
handler_fn create_connection_policy_target;
handler_fn fetch_connection_policy_target;
handler_fn update_connection_policy_target;
handler_fn delete_connection_policy_target;
handler_fn import_number;
handler_fn buy_number;
handler_fn get_number;
handler_fn list_numbers;
handler_fn update_number;
handler_fn delete_number;
handler_fn list_agents;
handler_fn get_agent;
handler_fn register_call;
handler_fn legacy_route;

#endif
