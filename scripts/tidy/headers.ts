// What a file tells its reader before the code begins, and what an adapter brings along to be believed.
import type { Finding, Rule } from './rule.ts';
import type { SourceFile } from './tree.ts';

type Found = Omit<Finding, 'rule'>;

const STAGE_LINES = ['Reads', 'Writes', 'Decides', 'Guarantees', 'Survives'];
const STAGE_SERVICE = /^packages\/(oracle|payments|tokenization)\/src\/.+-service\.ts$/;
const ADAPTER = /^packages\/[^/]+\/src\/(.+\/)?adapters\/[^/]+\.ts$/;

export const HEADER_RULES: Rule[] = [
  {
    name: 'file-header',
    law: 'A file begins with a comment that says what it is.',
    check: (tree) =>
      tree.sources
        .filter(
          (file) =>
            (file.isProduct || file.path.startsWith('scripts/')) && !/^(\/\/|\/\*|#!)/.test(file.text),
        )
        .map(({ path }) => ({
          file: path,
          line: 1,
          sentence: 'say in a comment what it is, what comes in, what goes out',
        })),
  },
  {
    name: 'stage-header',
    law: `The header of a stage's service has the five lines: ${STAGE_LINES.join('. ')}.`,
    check: (tree) =>
      tree.sources.filter(({ path, isTest }) => STAGE_SERVICE.test(path) && !isTest).flatMap(missingLines),
  },
  {
    name: 'adapter-examples',
    law: 'An adapter brings examples: real payloads with the expected result.',
    check: (tree) =>
      tree.sources
        .filter((file) => ADAPTER.test(file.path) && !file.isTest && !/\bexamples\b\s*[:,}]/.test(file.text))
        .map(({ path }) => ({
          file: path,
          line: 0,
          sentence: 'add `examples`: payloads as the venue sends them',
        })),
  },
];

function missingLines(file: SourceFile): Found[] {
  const header = file.text.slice(0, Math.max(0, file.text.search(/^(?!\/\/|\s*$|\/?\s?\*)/m)));
  const missing = STAGE_LINES.filter((word) => !new RegExp(`^(//|\\s?\\*)\\s*${word}\\b`, 'm').test(header));
  if (missing.length === 0) return [];
  return [
    {
      file: file.path,
      line: 1,
      sentence: `the header lacks: ${missing.map((word) => `${word}.`).join(' ')}`,
    },
  ];
}
