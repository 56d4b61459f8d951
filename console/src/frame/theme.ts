// Light or dark: as the system has it, until somebody says otherwise; that is kept in the browser.
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const PLACE = 'assay-theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

let chosen: Theme = readChoice();
apply();
system.addEventListener('change', tell);

function readChoice(): Theme {
  const stored = localStorage.getItem(PLACE);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

function apply(): void {
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

function tell(): void {
  for (const listener of listeners) listener();
}

export function chooseTheme(theme: Theme): void {
  chosen = theme;
  localStorage.setItem(PLACE, theme);
  apply();
  tell();
}

export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => chosen);
}

/** What is really seen; canvases are drawn again when it changes. */
export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, () => (chosen === 'system' ? system.matches : chosen === 'dark'));
}
