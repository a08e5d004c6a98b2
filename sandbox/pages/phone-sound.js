// The ear and the mouth of the telephone: plays what the line carries, sends what the microphone hears.

const RATE_HZ = 8000;

export class Ear {
  constructor() {
    this.context = null;
    this.endsAt = 0;
    this.playing = new Set();
  }

  /** Browsers allow sound only after a person has pressed something. */
  open() {
    this.context ??= new AudioContext();
    this.context.resume();
  }

  hear(bytes) {
    if (!this.context) return;
    const samples = new Int16Array(bytes);
    const sound = this.context.createBuffer(1, samples.length, RATE_HZ);
    sound.getChannelData(0).set(Float32Array.from(samples, (sample) => sample / 32768));
    const source = this.context.createBufferSource();
    source.buffer = sound;
    source.connect(this.context.destination);
    this.endsAt = Math.max(this.endsAt, this.context.currentTime + 0.05);
    source.start(this.endsAt);
    this.endsAt += sound.duration;
    this.playing.add(source);
    source.onended = () => this.playing.delete(source);
  }

  hush() {
    for (const source of this.playing) source.stop();
    this.playing.clear();
    this.endsAt = 0;
  }

  ring() {
    if (!this.context) return;
    const tone = this.context.createOscillator();
    const level = this.context.createGain();
    tone.frequency.value = 440;
    level.gain.value = 0.08;
    tone.connect(level).connect(this.context.destination);
    tone.start();
    tone.stop(this.context.currentTime + 0.8);
  }
}

export class Mouth {
  constructor(send) {
    this.send = send;
    this.stream = null;
    this.context = null;
  }

  get isOpen() {
    return this.stream !== null;
  }

  async open() {
    const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("/phone/phone-microphone.js");
    const worklet = new AudioWorkletNode(this.context, "microphone", { numberOfOutputs: 0 });
    worklet.port.onmessage = ({ data }) => this.send(data);
    this.context.createMediaStreamSource(this.stream).connect(worklet);
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context?.close();
    this.stream = null;
    this.context = null;
  }
}
