// What must not be left behind: places of one machine, addresses of registries, notes to self, output,
// focused tests.
import type { Finding, Rule } from './rule.ts';
import { type SourceFile, type SyntaxNode, type TextFile, walk } from './tree.ts';

type Found = Omit<Finding, 'rule'>;

// Written in pieces so that this file does not find itself.
const MACHINE_PATH = new RegExp(
  String.raw`(^|[\s"'\x60=(:])(/${'work'}/|/${'home'}/[a-z]|/${'root'}/|/${'Users'}/|[A-Z]:\\${'Users'})`,
);
const REGISTRY = new RegExp(
  `${'registry'}\\.(npmjs|yarnpkg)|${'deb'}\\.debian\\.org|${'pypi'}\\.org|${'crates'}\\.io|"${'resolved'}": "http`,
);
const NOTE = new RegExp(`\\b(${'TO'}DO|${'FIX'}ME|${'XX'}X|${'HA'}CK)\\b`);

export const LEFTOVER_RULES: Rule[] = [
  {
    name: 'machine-path',
    law: 'No file names a folder of one machine.',
    check: (tree) =>
      linesMatching(
        tree.texts,
        MACHINE_PATH,
        'take the place from the checkout, a setting or the temporary folder',
      ),
  },
  {
    name: 'registry-host',
    law: 'No file names the address of a package registry.',
    check: (tree) =>
      linesMatching(
        tree.texts,
        REGISTRY,
        'packages come from where the installer of the reader is told to look',
      ),
  },
  {
    name: 'note-to-self',
    law: 'No comment says that something is still to be done.',
    check: (tree) => tree.sources.flatMap(notes),
  },
  {
    name: 'stray-output',
    law: 'The product writes through its log or its command line, never to the console, and never stops in a debugger.',
    check: (tree) => tree.sources.filter((file) => file.isProduct).flatMap(strayOutput),
  },
  {
    name: 'focused-test',
    law: 'No test is run alone or left out by a switch in its file.',
    check: (tree) => tree.sources.filter((file) => file.isTest).flatMap(focusedTests),
  },
];

function linesMatching(files: readonly TextFile[], pattern: RegExp, advice: string): Found[] {
  return files.flatMap(({ path, text, lines }) => {
    if (!new RegExp(pattern.source, 'm').test(text)) return [];
    return lines.flatMap((line, at) => {
      const found = pattern.exec(line);
      return found === null
        ? []
        : [{ file: path, line: at + 1, sentence: `"${found[0].trim()}": ${advice}` }];
    });
  });
}

function notes(file: SourceFile): Found[] {
  return file.comments.flatMap(({ value, start }) => {
    const found = NOTE.exec(value);
    if (found === null) return [];
    return [
      {
        file: file.path,
        line: file.lineAt(start),
        sentence: `${found[1]}: do it, or file it where work is planned`,
      },
    ];
  });
}

function strayOutput(file: SourceFile): Found[] {
  if (!/console|debugger/.test(file.text)) return [];
  const found: Found[] = [];
  walk(file.program, (node) => {
    const isConsole = node.type === 'MemberExpression' && (node.object as SyntaxNode).name === 'console';
    if (!isConsole && node.type !== 'DebuggerStatement') return;
    const what = isConsole ? `console.${String((node.property as SyntaxNode).name)}` : 'debugger';
    found.push({
      file: file.path,
      line: file.lineAt(node.start),
      sentence: `${what}: use the Log, or the command line's output`,
    });
  });
  return found;
}

function focusedTests(file: SourceFile): Found[] {
  const found: Found[] = [];
  walk(file.program, (node) => {
    const isSwitch =
      node.type === 'MemberExpression' &&
      /^(test|it|describe|suite)$/.test(String((node.object as SyntaxNode).name)) &&
      /^(only|skip|todo)$/.test(String((node.property as SyntaxNode).name));
    const key = (node.type === 'Property' ? (node.key as SyntaxNode).name : undefined) as string | undefined;
    const isOption = /^(only|todo)$/.test(key ?? '') && (node.value as SyntaxNode).value === true;
    if (!isSwitch && !isOption) return;
    const what = isSwitch ? String((node.property as SyntaxNode).name) : key;
    found.push({
      file: file.path,
      line: file.lineAt(node.start),
      sentence: `${what}: let it run, or delete it`,
    });
  });
  return found;
}
