"""What spectrogram, waveform and ruler share: one set of gestures, one playhead."""
