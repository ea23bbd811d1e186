// SPDX-License-Identifier: MIT
// lint.mjs - openapi.yaml against the recommended rules of Redocly's linter.
//
//   node lint.mjs OPENAPI_YAML      prints what it finds; exit 1 if anything
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({ extends: ["recommended"] });
const problems = await lint({ ref: process.argv[2], config });

for (const { severity, ruleId, message, location } of problems)
	console.log(`${severity} ${ruleId}: ${message} (${location[0].pointer})`);
console.log(`linter: ${Object.keys(config.styleguide.rules.oas3_0).length}` +
	` rules, ${problems.length} findings`);
process.exit(problems.length ? 1 : 0);
