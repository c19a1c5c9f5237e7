// What an article can contain besides text: pull quotes, footnotes and pages of other sites.
import * as prose from "django-prose-editor/editor"
import { button, labelled, make, openDialog } from "editor-dialog"

/** The list of the package, which does not begin by typing a number. */
export const NumberedList = prose.OrderedList.extend({
  addInputRules() {
    return [
      prose.wrappingInputRule({
        find: /^(\d{1,4})[.)]\s$/,
        type: this.type,
        getAttributes: ([, number]) => ({ start: Number(number) }),
        joinPredicate: ([, number], { childCount, attrs }) => childCount + (attrs.start ?? 1) === Number(number),
      }),
    ]
  },
})

export const PullQuote = prose.Blockquote.extend({
  addAttributes: () => ({
    pull: {
      default: false,
      parseHTML: (element) => element.classList.contains("pull-quote"),
      renderHTML: ({ pull }) => (pull ? { class: "pull-quote" } : {}),
    },
  }),
})

/** Turn the selected blocks into a pull quote, a quotation into a pull quote, or a pull quote into plain text. */
export function togglePullQuote(editor, chain) {
  if (editor.isActive("blockquote", { pull: true })) return chain.lift("blockquote")
  return editor.isActive("blockquote") ? chain.updateAttributes("blockquote", { pull: true }) : chain.wrapIn("blockquote", { pull: true })
}

// --- Footnotes -----------------------------------------------------------------------------------

/** A footnote where it belongs in the text; readers see a number and the note at the end. */
export function footnote(words) {
  return prose.Node.create({
    name: "footnote",
    group: "inline",
    inline: true,
    atom: true,
    addAttributes: () => ({ text: { default: "", rendered: false } }),
    parseHTML: () => [{ tag: "foot-note", getAttrs: (element) => ({ text: element.textContent.trim() }) }],
    renderHTML: ({ node }) => ["foot-note", {}, node.attrs.text],
    renderText: () => "",
    addNodeView() {
      return ({ node, editor, getPos }) => {
        const mark = button("", { class: "footnote-mark" })
        const show = ({ attrs }) => {
          mark.title = attrs.text
          mark.setAttribute("aria-label", `${words.footnote}: ${attrs.text}`)
        }
        show(node)
        mark.addEventListener("click", () => askForFootnote(editor, words, getPos()))
        return {
          dom: mark,
          update(next) {
            if (next.type !== node.type) return false
            show(next)
            return true
          },
          ignoreMutation: () => true,
        }
      }
    },
  })
}

/** Ask for the text of a new footnote, or of the one at a position. */
export function askForFootnote(editor, words, position = null) {
  const present = position === null ? "" : editor.state.doc.nodeAt(position).attrs.text
  const field = make("textarea", { class: "form-control", rows: 4, maxlength: 1000 })
  field.value = present
  const remove = button(words.footnoteRemove)
  const dialog = openDialog({
    title: words.footnote,
    content: [labelled(words.footnoteText, field, words.footnoteHint)],
    submit: words.footnoteSave,
    others: present ? [remove] : [],
    cancel: words.cancel,
    accept() {
      const text = field.value.trim().replace(/\s+/g, " ")
      if (!text) return words.footnoteEmpty
      if (position === null) editor.commands.insertContent({ type: "footnote", attrs: { text } })
      else editor.view.dispatch(editor.state.tr.setNodeMarkup(position, undefined, { text }))
    },
    closed: () => editor.view.focus(),
  })
  remove.addEventListener("click", () => {
    editor.view.dispatch(editor.state.tr.delete(position, position + 1))
    dialog.close()
  })
  field.focus()
}

// --- Pages of other sites --------------------------------------------------------------------------

// The same as in articles/embeds.py, which has the last word; nothing is requested from these sites.
const ID = "[A-Za-z0-9_-]{6,20}"
const PAGES = [
  ["YouTube", `(?:www\\.|m\\.)?(?:youtube\\.com/(?:watch\\?(?:[^#]*&)?v=${ID}(?:[&#]|$)|(?:shorts|live|embed)/${ID}/?(?:[?#]|$))|youtu\\.be/${ID}/?(?:[?#]|$))`],
  ["Vimeo", "(?:www\\.)?(?:player\\.)?vimeo\\.com/(?:video/)?\\d{5,12}(?:/[0-9a-f]{6,20})?/?(?:[?#]|$)"],
  ["Telegram", "(?:t|telegram)\\.me/(?:s/)?[A-Za-z]\\w{3,31}/\\d{1,10}/?(?:[?#]|$)"],
  ["X", "(?:www\\.|mobile\\.|m\\.)?(?:x|twitter)\\.com/\\w{1,20}/status/\\d{5,20}/?(?:[?#]|$)"],
  ["OpenStreetMap", "(?:www\\.)?(?:openstreetmap|osm)\\.org/?(?:\\?[^#]*)?#map=1?\\d(?:\\.\\d+)?/-?(?:[0-7]?\\d|8[0-4])(?:\\.\\d+)?/-?(?:\\d{1,2}|1[0-7]\\d)(?:\\.\\d+)?(?:&|$)"],
].map(([name, pattern]) => [name, new RegExp(`^https?://${pattern}`)])
const MASTODON = /^https?:\/\/(?:www\.)?([a-z.-]+)\/@[\w.-]{1,60}(?:@[\w.-]{1,100})?\/\d{5,20}\/?(?:[?#]|$)/

/** Return the name of the site whose page at this address can be embedded, or "". */
export function embeddable(address, mastodonHosts) {
  const text = address.trim()
  if (/\s/.test(text) || !URL.canParse(text)) return ""
  const found = PAGES.find(([, pattern]) => pattern.test(text))
  if (found) return found[0]
  return mastodonHosts.includes(MASTODON.exec(text)?.[1]) ? "Mastodon" : ""
}

/** A page of another site: a link, which readers can replace by the page itself. */
export function embed(words, mastodonHosts) {
  return prose.Node.create({
    name: "embed",
    group: "block",
    atom: true,
    draggable: true,
    addAttributes: () => ({ href: { default: "", rendered: false }, text: { default: "", rendered: false } }),
    parseHTML: () => [
      {
        tag: "figure.embed",
        getAttrs(element) {
          const link = element.querySelector("a[href]")
          return link ? { href: link.getAttribute("href"), text: link.textContent } : false
        },
      },
    ],
    renderHTML: ({ node }) => ["figure", { class: "embed" }, ["a", { href: node.attrs.href }, node.attrs.text || node.attrs.href]],
    renderText: () => "",
    addNodeView() {
      return ({ node, editor, getPos }) => {
        const site = embeddable(node.attrs.href, mastodonHosts)
        const remove = button(words.embedRemove, { class: "button button--quiet" })
        remove.addEventListener("click", () => {
          editor.chain().deleteRange({ from: getPos(), to: getPos() + 1 }).focus().run()
        })
        const card = make("figure", { class: "embed" }, make("b", {}, site), " ", make("span", {}, node.attrs.href), remove)
        return { dom: card, ignoreMutation: () => true, stopEvent: (event) => event.target === remove }
      }
    },
    addProseMirrorPlugins() {
      const { editor } = this
      return [
        new prose.Plugin({
          props: {
            // An address alone that is pasted into an empty paragraph.
            handlePaste(view, event) {
              const text = event.clipboardData?.getData("text/plain").trim() ?? ""
              const { $from, empty } = view.state.selection
              if (!empty || $from.parent.type.name !== "paragraph" || $from.parent.content.size || !embeddable(text, mastodonHosts)) return false
              insertEmbed(editor, text)
              return true
            },
          },
        }),
      ]
    },
  })
}

function insertEmbed(editor, href) {
  editor.chain().focus().insertContent([{ type: "embed", attrs: { href } }, { type: "paragraph" }]).run()
}

export function askForEmbed(editor, words, mastodonHosts) {
  const field = make("input", { class: "form-control", inputmode: "url", autocomplete: "off" })
  openDialog({
    title: words.embed,
    content: [labelled(words.embedAddress, field, words.embedHint)],
    submit: words.embedInsert,
    cancel: words.cancel,
    accept() {
      if (!embeddable(field.value, mastodonHosts)) return words.embedUnknown
      insertEmbed(editor, field.value.trim())
    },
    closed: () => editor.view.focus(),
  })
}
