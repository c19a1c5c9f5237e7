// Adds the time in the browser's time zone to times of the site, and to fields for such a time.
const MINUTE = 60_000
const language = document.documentElement.lang
// In the page's language, as the browser's user writes it: 5 p.m. is 17:00 in Britain.
const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language
const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" })

/** Return by how many milliseconds the clocks of a zone are ahead of UTC. */
function offsetOf(moment, timeZone) {
  const options = { timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" }
  const parts = new Intl.DateTimeFormat("en-US", options).formatToParts(moment)
  const { year, month, day, hour, minute } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(moment / MINUTE) * MINUTE
}

/** Return the moment at which the clocks of a zone show this time; near a change of the clocks in the second attempt. */
function momentOf(value, timeZone) {
  const shown = Date.parse(`${value}Z`)
  return shown - offsetOf(shown - offsetOf(shown, timeZone), timeZone)
}

const own = (moment) => -new Date(moment).getTimezoneOffset() * MINUTE
const inWords = (element, moment) => element.dataset.yours.replace("{time}", format.format(moment))

for (const element of document.querySelectorAll("time[data-yours]")) {
  const [, sign, hours, minutes] = /([+-])(\d\d)(\d\d)$/.exec(element.dateTime)
  const site = Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * MINUTE
  const moment = Date.parse(element.dateTime.replace(/(\d\d)$/, ":$1"))
  // Both are shown already.
  if (![site, 0].includes(own(moment))) element.append(` — ${inWords(element, moment)}`)
}

for (const field of document.querySelectorAll("input[data-zone]")) {
  const output = document.createElement("output")
  output.className = "own-time"
  output.setAttribute("for", field.id)
  field.after(output)
  const show = () => {
    const moment = field.value ? momentOf(field.value, field.dataset.zone) : NaN
    output.hidden = Number.isNaN(moment) || own(moment) === offsetOf(moment, field.dataset.zone)
    if (!output.hidden) output.value = inWords(field, moment)
  }
  field.addEventListener("input", show)
  window.addEventListener("pageshow", show)
}
