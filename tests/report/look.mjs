// Opens report pages in a headless Chromium and says what is wrong with them.
//
//     node look.mjs BROWSER TOOLS OUT PAGE...
//
// TOOLS holds node_modules with puppeteer-core and axe-core; pictures and the printed page go into OUT. One JSON line a page.

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [browserPath, tools, out, ...pages] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(tools), "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const looks = [
  { name: "light", width: 1280, height: 900, scheme: "light" },
  { name: "dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone", width: 390, height: 844, scheme: "light", isMobile: true },
  { name: "phone-dark", width: 360, height: 740, scheme: "dark", isMobile: true },
];

const launch = puppeteer.launch ?? puppeteer.default.launch;
const browser = await launch.call(puppeteer.default ?? puppeteer, {
  executablePath: browserPath,
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const file of pages) {
    const stem = path.basename(file, ".html").replaceAll(/[^\w.-]/g, "_");
    const said = { page: path.basename(file), bytes: readFileSync(file).length, requests: [], findings: [], wide: [], log: [] };
    for (const look of looks) {
      const page = await browser.newPage();
      page.on("request", (request) => {
        if (!request.url().startsWith("file:")) said.requests.push(request.url());
      });
      page.on("console", (message) => said.log.push(message.text()));
      page.on("pageerror", (error) => said.log.push(String(error)));
      await page.setViewport({ width: look.width, height: look.height, isMobile: look.isMobile ?? false });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look.scheme }]);
      await page.goto(pathToFileURL(path.resolve(file)).href);
      await page.screenshot({ path: path.join(out, `${stem}.${look.name}.png`), fullPage: true });
      // What is behind a summary is judged, too.
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await page.evaluate(axe);
      const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations", "incomplete"] }));
      for (const rule of result.violations) {
        const where = rule.nodes.slice(0, 3).map((node) => node.target.join(" "));
        said.findings.push({ look: look.name, rule: rule.id, impact: rule.impact, count: rule.nodes.length, where });
      }
      said.undecided = Math.max(said.undecided ?? 0, result.incomplete.length);
      said.rules = result.passes?.length;
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (width > 0) said.wide.push(`${look.name}: ${width} px too wide`);
      // Keyboard: every stop is seen to have the focus.
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = false)));
      const stops = await page.evaluate(() => document.querySelectorAll("[tabindex='0'], summary, a[href]").length);
      let met = 0;
      for (let tab = 0; tab < stops + 2; tab += 1) {
        await page.keyboard.press("Tab");
        met += await page.evaluate(() => {
          const focus = document.activeElement;
          if (!focus || focus === document.body || focus.dataset.met) return 0;
          focus.dataset.met = "1";
          return getComputedStyle(focus).outlineStyle === "none" ? 0 : 1;
        });
      }
      said.keyboard = `${met}/${await page.evaluate(() => document.querySelectorAll("[data-met]").length)}`;
      await page.close();
    }
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path.resolve(file)).href);
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    writeFileSync(path.join(out, `${stem}.pdf`), pdf);
    said.printed = (Buffer.from(pdf).toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length;
    await page.close();
    console.log(JSON.stringify(said));
  }
} finally {
  await browser.close();
}
