// The default theme without its web fonts, and with Mermaid drawn in the browser. Mermaid is one script of our own
// origin, loaded only on pages that have a diagram.

import { useData, useRoute, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { nextTick, onMounted, watch } from 'vue';
import './site.css';

type Mermaid = {
  initialize(options: Record<string, unknown>): void;
  render(id: string, text: string): Promise<{ svg: string }>;
};

export default {
  extends: DefaultTheme,
  setup(): void {
    const route = useRoute();
    const { isDark } = useData();
    const draw = (): void => void nextTick(() => drawAll(isDark.value));
    onMounted(draw);
    watch(() => route.path, draw);
    watch(isDark, draw);
  },
};

let drawn = 0;

async function drawAll(isDark: boolean): Promise<void> {
  const places = [...document.querySelectorAll<HTMLElement>('.mermaid-text')];
  if (places.length === 0) return;
  const mermaid = await loadMermaid();
  mermaid.initialize({ startOnLoad: false, theme: isDark ? 'dark' : 'neutral', securityLevel: 'strict' });
  for (const place of places) {
    const text = (place.dataset.text ??= place.textContent ?? '');
    const { svg } = await mermaid.render(`diagram-${drawn++}`, text);
    place.innerHTML = svg;
    place.classList.add('is-drawn');
  }
}

let loading: Promise<Mermaid> | undefined;

function loadMermaid(): Promise<Mermaid> {
  return (loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = withBase('/mermaid.min.js');
    script.onload = () => resolve((window as unknown as { mermaid: Mermaid }).mermaid);
    script.onerror = () => reject(new TypeError('mermaid.min.js could not be loaded'));
    document.head.append(script);
  }));
}
