// Turns what a microphone hears into 8 kHz, 16 bit, a fiftieth of a second at a time.

const RATE_HZ = 8000;
const FRAME = RATE_HZ / 50;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE_HZ;
    this.sum = 0;
    this.count = 0;
    this.due = this.step;
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
  }

  process(inputs) {
    for (const sample of inputs[0][0] ?? []) {
      this.sum += sample;
      this.count += 1;
      if (this.count >= this.due) {
        // the mean of all samples in the interval keeps what is too high from folding down
        this.keep(this.sum / this.count);
        this.due += this.step - this.count;
        this.sum = 0;
        this.count = 0;
      }
    }
    return true;
  }

  keep(value) {
    this.frame[this.filled] = Math.max(-1, Math.min(1, value)) * 32767;
    this.filled += 1;
    if (this.filled === FRAME) {
      this.port.postMessage(this.frame.buffer, [this.frame.buffer]);
      this.frame = new Int16Array(FRAME);
      this.filled = 0;
    }
  }
}

registerProcessor("microphone", Microphone);
