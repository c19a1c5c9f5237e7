// The page "Crop and focal point": shows what remains of the image, and moves the focal point by pointing at it.

const form = document.querySelector(".cropping")
const box = form.querySelector(".crop-image")
const image = box.querySelector("img")
const fields = { x: form.elements.focus_x, y: form.elements.focus_y }
const frame = document.createElement("div")
const point = document.createElement("div")
frame.className = "crop-frame"
point.className = "crop-point"
box.append(frame, point)
box.classList.add("is-active")
image.draggable = false

/** The value of a field, or the center while it is empty. */
function percent(field) {
  return field.value === "" ? 50 : Math.min(Math.max(Number(field.value), 0), 100)
}

function draw() {
  const [width, height] = (form.elements.shape.value || `${image.width}:${image.height}`).split(":").map(Number)
  const scale = Math.min(image.width / width, image.height / height)
  const part = { x: (100 * width * scale) / image.width, y: (100 * height * scale) / image.height }
  frame.hidden = !form.elements.shape.value
  frame.style.width = `${part.x}%`
  frame.style.height = `${part.y}%`
  frame.style.left = `${((100 - part.x) * percent(fields.x)) / 100}%`
  frame.style.top = `${((100 - part.y) * percent(fields.y)) / 100}%`
  point.style.left = `${percent(fields.x)}%`
  point.style.top = `${percent(fields.y)}%`
}

function choose(event) {
  const place = image.getBoundingClientRect()
  const part = (offset, length) => Math.round(Math.min(Math.max(offset / length, 0), 1) * 100)
  fields.x.value = part(event.clientX - place.left, place.width)
  fields.y.value = part(event.clientY - place.top, place.height)
  draw()
}

box.addEventListener("click", choose)
// A finger that moves scrolls the page.
box.addEventListener("pointermove", (event) => event.pointerType === "mouse" && event.buttons && choose(event))
form.addEventListener("input", draw)
window.addEventListener("pageshow", draw)
draw()
