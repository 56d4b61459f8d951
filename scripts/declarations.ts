// Metrics and topics as they are declared in the code, read from the syntax tree. In: a source file. Out: the
// declarations with their fixed texts; what a program puts together at run time is not seen.
import { isNode, type SourceFile, type SyntaxNode, walk } from './tidy/tree.ts';

export type MetricDeclaration = { name: string; kind: string; labels: string[]; help: string; line: number };
export type TopicDeclaration = { topic: string; line: number };

/** `metrics.counter({ name: '...', help: '...', labels: [...] })`, or `new Counter({...})` of a library. */
export function metricDeclarations(file: SourceFile): MetricDeclaration[] {
  if (!/(counter|gauge|histogram)\(/i.test(file.text)) return [];
  const found: MetricDeclaration[] = [];
  walk(file.program, (node) => {
    const kind = kindOf(node);
    const options = (node.arguments as SyntaxNode[] | undefined)?.[0];
    if (kind === undefined || options?.type !== 'ObjectExpression') return;
    const [name] = textsOf(options, 'name');
    if (name === undefined) return;
    const labels = [...textsOf(options, 'labels'), ...textsOf(options, 'labelNames')];
    found.push({
      name,
      kind,
      labels,
      help: textsOf(options, 'help').join(''),
      line: file.lineAt(node.start),
    });
  });
  return found;
}

/** `const SOMETHING_TOPIC = '...'`. */
export function topicDeclarations(file: SourceFile): TopicDeclaration[] {
  if (!file.text.includes('_TOPIC')) return [];
  const found: TopicDeclaration[] = [];
  walk(file.program, (node) => {
    if (node.type !== 'VariableDeclarator' || !/_TOPIC$/.test(String((node.id as SyntaxNode).name))) return;
    const topic = (node.init as SyntaxNode | null)?.value;
    if (typeof topic === 'string') found.push({ topic, line: file.lineAt(node.start) });
  });
  return found;
}

function kindOf(node: SyntaxNode): string | undefined {
  const callee = node.callee as SyntaxNode | undefined;
  if (node.type === 'NewExpression')
    return /^(Counter|Gauge|Histogram)$/.exec(String(callee?.name))?.[0].toLowerCase();
  if (node.type !== 'CallExpression') return undefined;
  return /^(counter|gauge|histogram)$/.exec(String((callee?.property as SyntaxNode | undefined)?.name))?.[0];
}

/** The texts that stand as the value of a key: one, several in a list, or pieces joined by `+`. */
function textsOf(object: SyntaxNode, key: string): string[] {
  const property = (object.properties as SyntaxNode[]).find(
    (one) => (one.key as SyntaxNode | undefined)?.name === key,
  );
  const found: string[] = [];
  if (!isNode(property?.value)) return found;
  walk(property.value, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') found.push(node.value);
  });
  return found;
}
