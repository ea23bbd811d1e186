// SPDX-License-Identifier: MIT
// start.js - puts the rendered reference where the page has its plain list.
//
// Nothing is fetched but the contract itself, from where the page came from;
// a key that is typed in stays in the page's memory.
"use strict";

SwaggerUIBundle({
	url: "openapi.json",
	domNode: document.getElementById("reference"),
	validatorUrl: null,
	deepLinking: true,
	displayRequestDuration: true,
	defaultModelsExpandDepth: 0,
	showExtensions: true,
});
