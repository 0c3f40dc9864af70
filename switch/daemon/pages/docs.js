// Renders the OpenAPI document of this server. No library, nothing from elsewhere.
'use strict';

const element = (name, text, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
};

const link = (name) => {
  const made = element('a', name);
  made.href = '#schema-' + name;
  return made;
};

// The type of a schema as a person would say it.
const typeOf = (schema) => {
  if (!schema) return document.createTextNode('');
  if (schema.$ref) return link(schema.$ref.split('/').pop());
  const options = schema.oneOf || schema.anyOf;
  if (options) {
    const span = element('span');
    options.forEach((option, i) => {
      if (i) span.append(' | ');
      span.append(typeOf(option));
    });
    return span;
  }
  if (schema.type === 'array') return element('span', 'list of ', typeOf(schema.items));
  if (schema.const) return element('code', schema.const);
  const type = [].concat(schema.type || 'any').filter((name) => name !== 'null').join(' | ');
  return document.createTextNode(schema.format ? type + ' (' + schema.format + ')' : type);
};

const table = (heads, rows) => {
  const made = element('table');
  const head = element('tr');
  heads.forEach((text) => head.append(element('th', text)));
  made.append(head);
  rows.forEach((cells) => {
    const row = element('tr');
    cells.forEach((cell) => row.append(cell instanceof Node ? element('td', '', cell) : element('td', cell)));
    made.append(row);
  });
  return made;
};

const content = (body) => {
  const schemas = Object.values((body && body.content) || {}).map((media) => typeOf(media.schema));
  return schemas[0] || document.createTextNode('');
};

const operation = (path, method, about) => {
  const section = element('section');
  section.id = about.operationId;
  section.append(element('h3', '', element('code', method.toUpperCase() + ' ' + path)), element('p', about.summary || ''));
  if (about.description) section.append(element('p', about.description));
  if ((about.parameters || []).length) {
    section.append(table(['parameter', 'in', 'type', ''], about.parameters.map((p) => [
      element('code', p.name + (p.required ? '' : '?')), p.in, typeOf(p.schema), p.description || '',
    ])));
  }
  if (about.requestBody) section.append(element('p', 'Body: ', content(about.requestBody)));
  section.append(table(['status', '', 'body'], Object.entries(about.responses).map(([status, answer]) => [
    element('code', status), answer.description, content(answer),
  ])));
  return section;
};

const schema = (name, about) => {
  const section = element('section');
  section.id = 'schema-' + name;
  section.append(element('h3', name));
  if (about.description) section.append(element('p', about.description));
  const required = about.required || [];
  if (about.properties) {
    section.append(table(['field', 'type', '', 'example'], Object.entries(about.properties).map(([field, of]) => [
      element('code', field + (required.includes(field) ? '' : '?')), typeOf(of), of.description || '',
      of.example === undefined ? '' : element('code', String(of.example)),
    ])));
  }
  (about.oneOf || []).forEach((option) => section.append(
    element('p', '', element('code', String(option.const || option.enum || '')), ' ' + (option.description || '')),
  ));
  if (about.enum) section.append(element('p', about.enum.join(', ')));
  return section;
};

fetch('/v1/openapi.json').then((answer) => answer.json()).then((api) => {
  document.getElementById('about').textContent = api.info.title + ' ' + api.info.version + '. ' + api.info.description;
  const operations = document.getElementById('operations');
  Object.entries(api.paths).forEach(([path, methods]) => {
    Object.entries(methods).forEach(([method, about]) => operations.append(operation(path, method, about)));
  });
  const schemas = document.getElementById('schemas');
  Object.entries(api.components.schemas).forEach(([name, about]) => schemas.append(schema(name, about)));
  // The part an address names exists only now.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
});
