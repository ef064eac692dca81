// Shows the operations of an OpenAPI description, each with a form in which it can be tried.
"use strict";

const METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];
// What the Fetch standard forbids.
const UNSENDABLE = ["trace", "connect"];

start().catch((error) => {
  element("p", { className: "failed", textContent: String(error) }, document.querySelector("main"));
});

async function start() {
  const answer = await fetch(document.body.dataset.description);
  if (!answer.ok) throw new Error(`There is no description: ${answer.status} ${answer.statusText}`);
  const api = await answer.json();
  document.title = api.info.title;
  document.querySelector("#title").textContent = `${api.info.title} ${api.info.version}`;
  document.querySelector("#summary").textContent = api.info.description ?? api.info.summary ?? "";
  const main = document.querySelector("main");
  for (const [path, item] of Object.entries(api.paths)) {
    const section = element("section", {}, main);
    element("h2", { textContent: path }, section);
    for (const method of METHODS.filter((method) => item[method])) {
      const shared = item.parameters ?? [];
      const operation = { ...item[method], path, method };
      operation.parameters = [...shared, ...(item[method].parameters ?? [])].map((one) => resolve(api, one));
      operation.body = resolve(api, item[method].requestBody);
      section.append(card(api, operation));
    }
  }
}

/** What a `$ref` within the description stands for. */
function resolve(api, value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((at, name) => at[name], api);
}

function card(api, operation) {
  const details = element("details", { id: operation.operationId });
  const summary = element("summary", {}, details);
  element("span", { className: `method ${operation.method}`, textContent: operation.method.toUpperCase() }, summary);
  element("span", { textContent: operation.summary ?? "" }, summary);

  const form = element("form", {}, details);
  if (operation.description) element("p", { textContent: operation.description }, form);
  for (const parameter of operation.parameters) {
    const label = field(form, parameter.name, `in the ${parameter.in}. ${parameter.description ?? ""}`);
    const { required, example = "" } = parameter;
    element("input", { name: `${parameter.in}:${parameter.name}`, required, value: example }, label);
  }
  if (operation.body) {
    const [media, content] = Object.entries(operation.body.content)[0];
    const label = field(form, "Body", `${media}. ${operation.body.description ?? ""}`);
    element("textarea", { name: "body", rows: 3, value: content.example ?? "" }, label).dataset.media = media;
  }
  const answers = element("dl", { className: "responses" }, form);
  for (const [status, response] of Object.entries(operation.responses)) {
    element("dt", { textContent: status }, answers);
    element("dd", { textContent: resolve(api, response).description }, answers);
  }
  const output = element("output", {});
  if (!UNSENDABLE.includes(operation.method)) {
    element("button", { type: "submit", textContent: "Send" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(operation, form, output);
    });
  }
  form.append(output);
  return details;
}

function field(form, name, about) {
  const label = element("label", {}, form);
  element("b", { textContent: name }, label);
  element("span", { textContent: about }, label);
  return label;
}

async function send(operation, form, output) {
  const values = new FormData(form);
  const value = (place, name) => values.get(`${place}:${name}`) ?? "";
  let target = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(value("path", name)));
  const query = operation.parameters
    .filter((parameter) => parameter.in === "query" && value("query", parameter.name) !== "")
    .map((parameter) => `${encodeURIComponent(parameter.name)}=${encodeURIComponent(value("query", parameter.name))}`);
  if (query.length > 0) target += `?${query.join("&")}`;

  const request = { method: operation.method.toUpperCase() };
  const body = form.elements.body;
  if (body) {
    request.body = body.value;
    request.headers = { "Content-Type": body.dataset.media };
  }
  output.replaceChildren();
  try {
    const begun = performance.now();
    const answer = await fetch(target, request);
    const text = await answer.text();
    const took = (performance.now() - begun).toFixed(1);
    const status = `${answer.status} ${answer.statusText}`;
    element("b", { className: answer.ok ? "status" : "status failed", textContent: `${status}, ${took} ms` }, output);
    const fields = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    element("pre", { className: "fields", textContent: `${request.method} ${target}\n\n${fields}` }, output);
    if (text !== "") element("pre", { className: "body", textContent: text }, output);
  } catch (error) {
    element("b", { className: "status failed", textContent: String(error) }, output);
  }
}

function element(name, properties, parent) {
  const made = Object.assign(document.createElement(name), properties);
  parent?.append(made);
  return made;
}
