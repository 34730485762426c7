// Drawing an area on the picture of a page fills in its edges; whoever types them needs nothing of this.
"use strict";

const SMALLEST = 5; // pixels: what is drawn smaller was a click, and leaves the edges as they are

const picture = document.getElementById("picture");
const form = picture && document.getElementById(picture.dataset.form);

if (form) {
    const drawn = document.createElement("span");
    drawn.className = "desk-area desk-drawn";
    drawn.hidden = true;
    picture.append(drawn);
    let from = null;

    const place = (event) => {
        const box = picture.querySelector("img").getBoundingClientRect();
        const part = (value, start, size) => Math.min(Math.max((value - start) / size, 0), 1);
        return { x: part(event.clientX, box.left, box.width), y: part(event.clientY, box.top, box.height) };
    };

    const fill = (to) => {
        const edges = {
            left: Math.floor(Math.min(from.x, to.x) * 1000),
            top: Math.floor(Math.min(from.y, to.y) * 1000),
            right: Math.ceil(Math.max(from.x, to.x) * 1000),
            bottom: Math.ceil(Math.max(from.y, to.y) * 1000),
        };
        for (const [name, value] of Object.entries(edges)) form.elements[name].value = value;
        show();
    };

    const show = () => {
        const [left, top, right, bottom] = ["left", "top", "right", "bottom"].map((name) => Number(form.elements[name].value));
        drawn.hidden = !(right > left && bottom > top);
        drawn.style.left = `${left / 10}%`;
        drawn.style.top = `${top / 10}%`;
        drawn.style.width = `${(right - left) / 10}%`;
        drawn.style.height = `${(bottom - top) / 10}%`;
    };

    const isDrag = (event) => Math.min(Math.abs(event.clientX - from.clientX), Math.abs(event.clientY - from.clientY)) >= SMALLEST;
    const end = () => { from = null; };

    picture.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !event.isPrimary) return;
        from = { ...place(event), clientX: event.clientX, clientY: event.clientY };
        picture.setPointerCapture(event.pointerId);
        event.preventDefault();
    });
    picture.addEventListener("pointermove", (event) => from && event.isPrimary && isDrag(event) && fill(place(event)));
    picture.addEventListener("pointerup", end);
    picture.addEventListener("pointercancel", end); // two fingers: the browser zooms, and nobody draws
    form.addEventListener("input", show);
    show();
}
