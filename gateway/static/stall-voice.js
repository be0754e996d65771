// Says sentences as clips joined by Web Audio, one sentence after another. A sentence with a missing clip is not said at
// all: half a number is a wrong number.
const LEAD_SECONDS = 0.03;
const JOIN_SECONDS = 0.015;

export class Voice {
  #context = null;
  #clips = new Map();
  #loading = null;
  #tail = Promise.resolve();

  // urls: clip name → file. onChange is called when sound is unlocked or locked.
  constructor(urls, onChange) {
    this.urls = urls;
    this.onChange = onChange;
  }

  get isOn() {
    return this.#context?.state === "running";
  }

  // To be called from a tap: browsers play nothing before one.
  async unlock() {
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.onstatechange = () => this.onChange(this.isOn);
    }
    // A phone without any sound device never answers.
    await Promise.race([this.#context.resume(), new Promise((resolve) => setTimeout(resolve, 1_500))]);
    this.onChange(this.isOn);
    await this.load();
  }

  // Fetch and decode every clip, once; one that failed is fetched again at the next call.
  load() {
    this.#loading ??= Promise.all(Object.entries(this.urls).map(async ([name, url]) => {
      if (this.#clips.has(name)) return;
      const answer = await fetch(url);
      if (answer.ok) this.#clips.set(name, await this.#context.decodeAudioData(await answer.arrayBuffer()));
    })).catch(() => {}).finally(() => { this.#loading = null; });
    return this.#loading;
  }

  // Resolves to true once the sentence was said, to false if it could not be.
  say(names) {
    const turn = this.#tail.then(() => this.#play(names));
    this.#tail = turn.catch(() => false);
    return this.#tail;
  }

  async #play(names) {
    if (!names.length || !this.isOn) return false;
    if (names.some((name) => !this.#clips.has(name))) await this.load();
    const buffers = names.map((name) => this.#clips.get(name));
    if (buffers.includes(undefined)) return false;
    let at = this.#context.currentTime + LEAD_SECONDS;
    let last = null;
    for (const buffer of buffers) {
      last = this.#context.createBufferSource();
      last.buffer = buffer;
      last.connect(this.#context.destination);
      last.start(at);
      at += Math.max(buffer.duration - JOIN_SECONDS, 0);
    }
    const seconds = at - this.#context.currentTime;
    await Promise.race([
      new Promise((resolve) => { last.onended = resolve; }),
      new Promise((resolve) => setTimeout(resolve, (seconds + 2) * 1_000)),
    ]);
    return true;
  }
}
