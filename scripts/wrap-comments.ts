// Wraps comments at the width of a line. In: a TypeScript text. Out: the same code with its long comment
// lines broken; what overflows runs into the next line of the same paragraph. Aligned tables and directives
// are left as they are.
import { type Comment, parseSync } from 'oxc-parser';

const WIDTH = 110;
/** Lines that mean something to a program, or whose spacing is a table. */
const LEFT_ALONE = /^\s*(biome-ignore|@ts-|eslint|#)|\S {2,}\S/;

/**
 * A point of a list, a tag, or a label ("Reads: ...", "Order. ..."): it does not continue the line before.
 */
const LABEL = /^[A-Z][\w-]*[.:]\s/;
const BEGINS_ANEW = new RegExp(`^([-*•]|\\d+\\.|@)\\s?|${LABEL.source}`);

export function wrapComments(path: string, text: string): string {
  let out = text;
  // From the end, so that earlier offsets stay true.
  for (const comment of parseSync(path, text).comments.toReversed()) out = wrapOne(out, comment);
  const joined = wrapRuns(path, out);
  return codeOf(path, joined) === codeOf(path, text) ? joined : text;
}

/** Moves a long comment behind code above it, and opens a long one-line block. */
function wrapOne(text: string, { type, value, start, end }: Comment): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end) < 0 ? text.length : text.indexOf('\n', end);
  if (lineEnd - lineStart <= WIDTH || value.includes('\n') || LEFT_ALONE.test(value)) return text;
  const before = text.slice(lineStart, start);
  const after = text.slice(end, lineEnd);
  const indent = /^\s*/.exec(before)![0];
  if (after.trim() !== '') return text;
  if (type === 'Line') {
    if (before.trim() === '') return text; // a run of lines is wrapped as a whole
    return `${text.slice(0, lineStart)}${indent}//${value}\n${before.trimEnd()}${text.slice(lineEnd)}`;
  }
  const words = value.replace(/^\*/, '').trim();
  const lines = fill(words, WIDTH - indent.length - 3).map((line) => `${indent} * ${line}\n`);
  const code = before.trim() === '' ? '' : `${before.trimEnd()}\n`;
  const block = `${indent}/**\n${lines.join('')}${indent} */`;
  return code === ''
    ? `${text.slice(0, lineStart)}${block}${text.slice(lineEnd)}`
    : `${text.slice(0, lineStart)}${block}\n${code.trimEnd()}${text.slice(lineEnd)}`;
}

/**
 * Wraps `// ...` and ` * ...` lines; each line that is too long hands its rest to the next one of its
 * paragraph.
 */
function wrapRuns(path: string, text: string): string {
  const inComment = commentLines(path, text);
  const lines = text.split('\n');
  const out: string[] = [];
  let rest: { prefix: string; words: string } | undefined;
  for (const [at, line] of lines.entries()) {
    const [, prefix, words] = (inComment.has(at) && /^(\s*(?:\/\/|\*) ?)(\s*.*)$/.exec(line)) || [];
    const isText = prefix !== undefined && words!.trim() !== '' && words !== '/' && !LEFT_ALONE.test(words!);
    let current = line;
    if (rest !== undefined) {
      const joins = isText && samePlace(prefix, rest.prefix) && !BEGINS_ANEW.test(words!.trim());
      if (joins) current = `${prefix}${/^\s*/.exec(words!)![0]}${rest.words} ${words!.trim()}`;
      else out.push(...broken(rest.prefix, rest.words));
      rest = undefined;
    }
    if (!isText || current.length <= WIDTH) {
      out.push(current);
      continue;
    }
    const margin = /^\s*/.exec(current.slice(prefix.length))![0];
    const [first, ...others] = fill(
      current.trim().slice(prefix.trim().length).trim(),
      WIDTH - prefix.length - margin.length,
    );
    out.push(`${prefix}${margin}${first}`);
    // Under a label the rest hangs, as it does where people wrap by hand.
    const hanging = LABEL.test(current.slice(prefix.length).trim()) ? '  ' : '';
    rest =
      others.length === 0 ? undefined : { prefix: `${prefix}${margin}${hanging}`, words: others.join(' ') };
  }
  if (rest !== undefined) out.push(...broken(rest.prefix, rest.words));
  return out.join('\n');
}

/** A hanging paragraph continues further in; a line further out is another thought. */
function samePlace(prefix: string, other: string): boolean {
  return prefix.trimEnd() === other.trimEnd();
}

function broken(prefix: string, words: string): string[] {
  return fill(words, WIDTH - prefix.length).map((line) => `${prefix}${line}`);
}

function fill(words: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}

/** Numbers (from 0) of the lines that a comment has to itself. */
function commentLines(path: string, text: string): Set<number> {
  const found = new Set<number>();
  for (const { start, end } of parseSync(path, text).comments) {
    const first = text.slice(0, start).split('\n').length - 1;
    const count = text.slice(start, end).split('\n').length;
    const isAlone = text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() === '';
    for (let i = isAlone ? 0 : 1; i < count; i++) found.add(first + i);
  }
  return found;
}

/** The text without comments and white space: what must not change. */
function codeOf(path: string, text: string): string {
  let code = '';
  let at = 0;
  for (const { start, end } of parseSync(path, text).comments) {
    code += text.slice(at, start);
    at = end;
  }
  return (code + text.slice(at)).replace(/\s+/g, '');
}
