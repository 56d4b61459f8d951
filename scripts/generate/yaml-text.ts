// Plain data as YAML in block style. In: objects, lists, texts, numbers, booleans, null. Out: text. Texts are
// quoted as JSON wherever YAML could read them as something else.

export function yamlOf(value: unknown): string {
  return `${block(value, 0)}\n`;
}

function block(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.every((item) => item === null || typeof item !== 'object'))
      return `[${value.map(scalar).join(', ')}]`;
    return value.map((item) => `\n${indent}- ${block(item, depth + 1).trimStart()}`).join('');
  }
  if (value === null || typeof value !== 'object') return scalar(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([name, inner]) => {
    const text = block(inner, depth + 1);
    const isNested =
      text.startsWith('\n') || (inner !== null && typeof inner === 'object' && !/^[[{]/.test(text));
    return `${indent}${key(name)}:${isNested ? (text.startsWith('\n') ? text : `\n${text}`) : ` ${text}`}`;
  });
  return lines.join('\n');
}

function key(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) ? name : JSON.stringify(name);
}

const WORD = /^[A-Za-z][A-Za-z0-9 ]*$/;
const RESERVED = /^(true|false|yes|no|on|off|null|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return WORD.test(value) && !RESERVED.test(value) && !value.endsWith(' ') ? value : JSON.stringify(value);
}
