/** A real browser for tests of pages: the Chromium of the system, driven by playwright-core. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

export type { Browser, Page };

const DEADLINE_MS = 30_000;
const POLL_MS = 50;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Why a test that needs a browser is skipped. */
export const NO_BROWSER = 'no Chromium on PATH: apt-get install chromium (Debian), or any Google Chrome';

/** Path of a Chromium or Chrome; undefined: there is none on PATH. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @throws Error when there is none: ask `findChromium` first */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(NO_BROWSER);
  // Chromium's sandbox refuses to be root's, which the tests are in a container; they open pages of their own only.
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface Visit extends AsyncDisposable {
  page: Page;
  /** What a page must not do, as it did it: errors, console errors, policy violations, requests to elsewhere. */
  offences: string[];
}

/** A page may ask its server; one that was opened by double click its own folder, nothing beside or above it. */
function isOwn(asked: string, page: string): boolean {
  if (asked.startsWith('data:') || asked.startsWith('blob:')) return true;
  if (page.startsWith('file:')) return asked.startsWith(new URL('..', page).href);
  return new URL(asked).origin === new URL(page).origin;
}

/** Opens a page by itself, and notes what it does wrong. @param url http:// or file:// */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const offences: string[] = [];
  page.on('request', (request) => {
    const asked = request.url();
    if (!isOwn(asked, url)) offences.push(`request to ${asked}`);
  });
  page.on('pageerror', (error) => offences.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // Violations of the content security policy are told here, too.
    if (message.type() === 'error') offences.push(`console: ${message.text()}`);
  });
  await page.goto(url, { waitUntil: 'load' });
  return { page, offences, [Symbol.asyncDispose]: () => context.close() };
}

/**
 * Waits until an expression is true in the page. (Playwright's own waiting evaluates within the page, which its policy forbids.)
 *
 * @throws Error when the deadline has passed
 */
export async function holds(page: Page, expression: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while ((await page.evaluate<unknown>(expression)) !== true) {
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS / 1000} s in vain for ${expression}`);
    await sleep(POLL_MS);
  }
}

export interface PictureOptions {
  theme: 'light' | 'dark';
  width: number;
  height: number;
  /** The whole page, however long; otherwise what one sees of it at first. */
  whole?: boolean;
  /** What has to be seen before the picture is taken, as a selector. */
  after?: string;
}

/** Takes a picture of a page, once its own pictures are there, and writes it as PNG: how it looks, for people. */
export async function photograph(
  browser: Browser,
  url: string,
  path: string,
  { theme, width, height, whole = false, after }: PictureOptions,
): Promise<void> {
  await using opened = await visit(browser, url, {
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  if (after !== undefined) await opened.page.locator(after).first().waitFor();
  await holds(opened.page, `[...document.images].every((image) => image.complete && image.naturalWidth > 0)`);
  await opened.page.screenshot({ path, fullPage: whole });
}
