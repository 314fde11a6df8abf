"use strict";
// Every page works without this file. It only spares people the reload.

// A countdown, in minutes and seconds.
for (const place of document.querySelectorAll("[data-left]")) {
  const end = performance.now() + 1000 * Number(place.dataset.left);
  const tell = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) setTimeout(tell, 500);
    else if ("again" in place.dataset) location.reload();
  };
  tell();
}

// What became of a code: the page is fetched again when that changed.
const asked = document.querySelector("[data-ask]");
if (asked && ["open", "wrong", "taken"].includes(asked.dataset.state)) {
  const ask = async () => {
    try {
      const answer = await fetch(asked.dataset.ask, { headers: { accept: "application/json" }, redirect: "error" });
      if (answer.ok && (await answer.json()).state !== asked.dataset.state) return location.reload();
    } catch {
      // The next question may be answered.
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
}

// The camera, where the browser reads codes itself.
const camera = document.querySelector("[data-camera]");
if (camera && "BarcodeDetector" in window && navigator.mediaDevices) {
  const field = document.getElementById(camera.dataset.camera);
  const video = camera.querySelector("video");
  camera.hidden = false;
  camera.querySelector("[data-start]").addEventListener("click", async (event) => {
    event.target.disabled = true;
    try {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      await video.play();
      const look = async () => {
        const found = (await detector.detect(video)).find((code) => code.rawValue.startsWith("KR1:"));
        if (!found) return requestAnimationFrame(look);
        field.value = found.rawValue;
        for (const track of video.srcObject.getTracks()) track.stop();
        field.form.requestSubmit();
      };
      await look();
    } catch {
      // No camera, or none allowed: the field and the picture are still there.
      event.target.disabled = false;
      video.hidden = true;
    }
  });
}
