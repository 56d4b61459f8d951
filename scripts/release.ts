// `npm run release`: packs what is published as tarballs that install into any project, today
// `@assay/client`. In: the folder to put them into (default: release/). Out: their paths, one a line. Type
// stripping does not work inside node_modules, so a release holds plain JavaScript and declarations, emitted
// by tsc as they are.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '..');
const PUBLISHED = ['client'];
const require = createRequire(import.meta.url);

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const target = resolve(args[0] ?? join(CHECKOUT, 'release'));
  mkdirSync(target, { recursive: true });
  for (const folder of PUBLISHED) {
    const stage = mkdtempSync(join(tmpdir(), 'assay-release-'));
    try {
      stagePackage(join(CHECKOUT, folder), stage);
      process.stdout.write(`${packed(stage, target)}\n`);
    } catch (error) {
      process.stderr.write(`${folder} could not be packed: ${(error as Error).message}\n`);
      return 1;
    } finally {
      rmSync(stage, { recursive: true, force: true });
    }
  }
  return 0;
}

function stagePackage(from: string, stage: string): void {
  const source = join(from, 'src');
  const files = readdirSync(source).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  writeFileSync(join(stage, 'tsconfig.json'), JSON.stringify(emitOptions(source, stage, files)));
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  run(process.execPath, [tsc, '-p', stage]);
  rmSync(join(stage, 'tsconfig.json'));
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { name, version, description, license } = manifest;
  const published = {
    name,
    version,
    description,
    license,
    type: 'module',
    exports: { './*': { types: './dist/*.d.ts', default: './dist/*.js' } },
    files: ['dist'],
    sideEffects: false,
    engines: { node: '>=20' },
  };
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  copyFileSync(join(CHECKOUT, 'LICENSE'), join(stage, 'LICENSE'));
  copyFileSync(join(from, 'readme.md'), join(stage, 'README.md'));
}

/** As the checkout compiles it, with the names that a browser and Node have in common. */
function emitOptions(source: string, stage: string, files: readonly string[]): object {
  return {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'],
      module: 'nodenext',
      types: [],
      strict: true,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
      declaration: true,
      rootDir: source,
      outDir: join(stage, 'dist'),
    },
    files: files.map((name) => join(source, name)),
  };
}

function packed(stage: string, target: string): string {
  const output = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target], stage);
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  return join(target, filename);
}

function run(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new TypeError(`${command} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}
