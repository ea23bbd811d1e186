// SPDX-License-Identifier: MIT
// surface.mjs - no `any` is reachable in the types of a generated client.
//
//   node surface.mjs API_D_TS
//
// The compiler itself is asked, so that an `any` behind an alias counts too.
// Every type that an exported name leads to is looked at once.
import ts from "typescript";

const program = ts.createProgram([process.argv[2]], { strict: true });
const checker = program.getTypeChecker();
const source = program.getSourceFile(process.argv[2]);
const seen = new Set();
const found = [];

const parts = (type) => [
	...(type.isUnionOrIntersection() ? type.types : []),
	...(checker.isArrayType(type) ? checker.getTypeArguments(type) : []),
	...(type.flags & ts.TypeFlags.Object
		? checker.getIndexInfosOfType(type).map((info) => info.type) : []),
];

function look(type, at) {
	if (type.flags & ts.TypeFlags.Any)
		found.push(at);
	if (seen.has(type))
		return;
	seen.add(type);
	parts(type).forEach((part) => look(part, at));
	if (!(type.flags & ts.TypeFlags.Object) || checker.isArrayType(type))
		return;
	for (const member of checker.getPropertiesOfType(type))
		look(checker.getTypeOfSymbol(member), `${at}.${member.name}`);
}

for (const name of checker.getExportsOfModule(
	checker.getSymbolAtLocation(source)))
	look(checker.getDeclaredTypeOfSymbol(name), name.name);
found.forEach((at) => console.log(`${at} is any`));
console.log(`surface: ${seen.size} types, ${found.length} any`);
process.exit(found.length || seen.size < 100 ? 1 : 0);
