# SPDX-License-Identifier: MIT
"""What a create makes and calls, and the fixed world of the sandbox."""

NUMBERS = "/v1/agent-phone-numbers"
OPERATIONS = "/v1/operations"

ACCOUNT = "AC" + "5a" * 16
AUTH_TOKEN = "sandbox-auth-token"
API_KEY_SID = "SK" + "5a" * 16
API_SECRET = "sandbox-api-secret"
ACCOUNT_2 = "AC" + "6b" * 16
AUTH_TOKEN_2 = "sandbox-auth-token-2"
RETELL_KEY = "key_sandbox"
RETELL_SIP_URI = "sip:sip.retellai.com;transport=tcp"

AGENT = "agent_sandbox_1"
OTHER_AGENT = "agent_sandbox_2"

# Numbers with a past; all others are owned, on no trunk and unknown to Retell.
ON_FOREIGN_TRUNK = "+14155559001"
IN_OUR_RETELL = "+14155559002"
IN_OTHER_WORKSPACE = "+14155559003"
WITH_VOICE_APPLICATION = "+14155559004"
WITH_VOICE_URL = "+14155559005"
WITH_EMERGENCY_CALLING = "+14155559006"
OF_ACCOUNT_2 = "+14155558001"
NOT_OWNED = "+14155557777"

# The calls of a create of both directions. All calls of a wave run at once.
WAVES = [
    ["list_incoming_numbers", "get_agent", "get_number"],
    ["create_trunk", "create_credential_list"],
    [
        "create_credential",
        "create_trunk_credential_list",
        "create_origination_url",
        "import_number",
    ],
    ["create_trunk_phone_number"],
]
CREATE_CALLS = [call for wave in WAVES for call in wave]
CREATE_WRITES = [call for wave in WAVES[1:] for call in wave]
RETELL_CALLS = {"get_agent", "get_number", "import_number", "update_number", "delete_number"}

# What it leaves at the providers.
OUTBOUND_KINDS = ["credential_list", "credential", "trunk_credential_list"]
INBOUND_KINDS = ["origination_url"]
COMMON_KINDS = ["trunk", "trunk_phone_number", "retell_number"]
ALL_KINDS = COMMON_KINDS + INBOUND_KINDS + OUTBOUND_KINDS
