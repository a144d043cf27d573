/**
 * The look of every page: one card, the system's own fonts, light or dark as the reader has it. The text is
 * fixed: the page's policy names it by its hash. Colours on their grounds have a contrast of 4.5 or more, the
 * edges of fields 3 or more (WCAG 2.2, 1.4.3 and 1.4.11).
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f2f4f9;
  --glow: #e1e8fb;
  --card: #ffffff;
  --edge: #e2e6ef;
  --text: #1a2133;
  --quiet: #566076;
  --field: #ffffff;
  --field-edge: #838da3;
  --accent: #2f55d4;
  --accent-strong: #2443b0;
  --on-accent: #ffffff;
  --accent-tint: #e8edfc;
  --good: #13774a;
  --good-tint: #e0f4ea;
  --bad: #b3261e;
  --bad-tint: #fcebea;
  --shadow: 0 1px 2px rgb(20 30 60 / 6%), 0 12px 40px rgb(20 30 60 / 9%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1118;
    --glow: #182140;
    --card: #171b25;
    --edge: #272d3b;
    --text: #e9ecf4;
    --quiet: #a3adc2;
    --field: #10141c;
    --field-edge: #6b768f;
    --accent: #93aeff;
    --accent-strong: #b3c6ff;
    --on-accent: #0d1637;
    --accent-tint: #222d52;
    --good: #6fd8a4;
    --good-tint: #14372a;
    --bad: #ff9d95;
    --bad-tint: #3a1e1f;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 12px 40px rgb(0 0 0 / 35%);
  }
}

*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }

html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  align-items: center;
  gap: 1.25rem;
  /* From the top: what appears in the card grows it downwards, and nothing jumps. */
  padding: clamp(1.25rem, 13vh, 9rem) 1rem 1.5rem;
  background: radial-gradient(60rem 30rem at 50% -8rem, var(--glow), transparent) no-repeat var(--ground);
  color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}

main {
  width: 100%;
  max-width: 27rem;
  padding: 2.25rem 2.25rem 2.5rem;
  background: var(--card);
  border: 1px solid var(--edge);
  border-radius: 1.25rem;
  box-shadow: var(--shadow);
}
@media (max-width: 30rem) {
  body { padding-top: 1rem; }
  main { padding: 1.75rem 1.375rem 2rem; }
}

.icon {
  display: block;
  width: 3.5rem;
  height: 3.5rem;
  margin: 0 0 1.25rem;
  padding: 0.875rem;
  border-radius: 50%;
  background: var(--accent-tint);
  color: var(--accent);
}
.icon.good { background: var(--good-tint); color: var(--good); }
.icon.bad { background: var(--bad-tint); color: var(--bad); }
svg {
  fill: none;
  stroke: currentColor;
  stroke-width: 2;
  stroke-linecap: round;
  stroke-linejoin: round;
}

h1 {
  margin: 0 0 0.625rem;
  font-size: 1.5rem;
  line-height: 1.25;
  font-weight: 650;
  letter-spacing: -0.015em;
  text-wrap: balance;
}
/* The script moves the focus here so that the heading is read out. It is no control. */
h1:focus { outline: none; }
p { margin: 0 0 0.75rem; color: var(--quiet); }
p:last-child { margin-bottom: 0; }

form { margin-top: 1.5rem; }
#account {
  width: fit-content;
  max-width: 100%;
  margin: 0 0 1.25rem;
  padding: 0.25rem 0.75rem;
  border-radius: 1rem;
  background: var(--accent-tint);
  color: var(--text);
  font-size: 0.9375rem;
  overflow-wrap: anywhere;
}
label { display: block; margin-bottom: 0.375rem; font-weight: 600; }
.field { position: relative; }
.field input {
  width: 100%;
  min-height: 3rem;
  padding: 0.625rem 3.25rem 0.625rem 0.875rem;
  border: 1px solid var(--field-edge);
  border-radius: 0.75rem;
  background: var(--field);
  color: var(--text);
  /* 1rem or more, or a phone zooms in. */
  font: inherit;
}
.field input[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
/* One switch is enough. */
.field input::-ms-reveal { display: none; }
#hint { margin: 0.625rem 0 0; font-size: 0.9375rem; }

/* Never away while it is empty: what appears in it is read out. */
#problem { margin: 0; color: var(--bad); overflow-wrap: anywhere; }
#problem:not(:empty) {
  margin-top: 0.625rem;
  padding: 0.625rem 0.875rem;
  border-radius: 0.75rem;
  background: var(--bad-tint);
}

button {
  border: 0;
  border-radius: 0.75rem;
  font: inherit;
  cursor: pointer;
  -webkit-tap-highlight-color: transparent;
}
.reveal {
  position: absolute;
  inset: 0.125rem 0.125rem 0.125rem auto;
  width: 2.75rem;
  padding: 0.625rem;
  background: transparent;
  color: var(--quiet);
}
.reveal:hover { color: var(--text); }
.reveal svg { display: block; width: 1.5rem; height: 1.5rem; }
/* Struck through while the password can be read: the next press hides it. */
.reveal .strike { visibility: hidden; }
.reveal[aria-pressed="true"] { color: var(--accent); }
.reveal[aria-pressed="true"] .strike { visibility: visible; }

.submit {
  display: flex;
  align-items: center;
  justify-content: center;
  gap: 0.625rem;
  width: 100%;
  min-height: 3rem;
  margin-top: 1.25rem;
  padding: 0.625rem 1.25rem;
  background: var(--accent);
  color: var(--on-accent);
  font-weight: 600;
}
.submit:hover { background: var(--accent-strong); }
.submit:disabled { opacity: 0.75; cursor: progress; }
.submit:disabled::before {
  content: "";
  width: 1.125rem;
  height: 1.125rem;
  border: 2px solid;
  border-right-color: transparent;
  border-radius: 50%;
  animation: turn 0.9s linear infinite;
}
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) {
  .submit:disabled::before { animation: none; }
}

:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

#host { margin: 0; font-size: 0.875rem; overflow-wrap: anywhere; text-align: center; }

.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  padding: 0;
  border: 0;
  overflow: hidden;
  clip-path: inset(50%);
}

@media (forced-colors: active) {
  .submit { border: 1px solid; }
  .icon { border: 1px solid; }
}
`
