"""Texts as they are typed and as they must become, for the server (test_typography.py) and the editor (tests/e2e)."""

# By language: (before, after). `~` is a no-break space and `|` a narrow one; none of the texts has them otherwise.
_CORPUS: dict[str, list[tuple[str, str]]] = {
    "en": [
        ('<p>He said "no", and "yes".</p>', "<p>He said “no”, and “yes”.</p>"),
        ('<p>("Nobody")</p><h2>"Lamps"</h2>', "<p>(“Nobody”)</p><h2>“Lamps”</h2>"),
        ("<p>\"He said 'no' twice\"</p>", "<p>“He said ‘no’ twice”</p>"),
        ('<p>"He said "no" twice"</p>', "<p>“He said ‘no’ twice”</p>"),
        (
            '<p>"<em>Nine</em>" of "<strong>a "b</strong>" c"</p>',
            "<p>“<em>Nine</em>” of “<strong>a ‘b</strong>’ c”</p>",
        ),
        ("<p>The dogs' bones, the '90s and don't.</p>", "<p>The dogs’ bones, the ’90s and don’t.</p>"),
        ('<p>A 5" pipe stays, and so does "this.</p>', '<p>A 5" pipe stays, and so does "this.</p>'),
        ("<p>One -- two---three--four</p>", "<p>One—two—three—four</p>"),
        ("<p>From 1990--2000 and x - y</p>", "<p>From 1990–2000 and x - y</p>"),
        ("<p>Wait... what....</p>", "<p>Wait… what....</p>"),
        ("<p>It weighs 5 kg, is 3 m long; 40 % of 5 men.</p>", "<p>It weighs 5~kg, is 3~m long; 40~% of 5 men.</p>"),
        ("<p>House №5, № 6 and § 7</p>", "<p>House №~5, №~6 and §~7</p>"),
        (
            "<p><code>a--b \"c\"...</code> -- and <code>'x'</code>...</p>",
            "<p><code>a--b \"c\"...</code>—and <code>'x'</code>…</p>",
        ),
        ('<pre><code>"x" -- y...</code></pre>', '<pre><code>"x" -- y...</code></pre>'),
        ("<p>See https://example.org/a--b...c?d='e' -- or</p>", "<p>See https://example.org/a--b...c?d='e'—or</p>"),
        (
            '<p><a href="https://example.org/a--b">"A -- b"</a> "www.example.org/--"</p>',
            '<p><a href="https://example.org/a--b">“A—b”</a> “www.example.org/--”</p>',
        ),
        ('<p>"One<br>-- two"</p>', "<p>“One<br>-- two”</p>"),
        (
            '<p>"Lamps"<foot-note>See "it" -- there...</foot-note> -- all</p>',
            '<p>“Lamps”<foot-note>See "it" -- there...</foot-note>—all</p>',
        ),
        (
            '<ul><li><p>A -- b</p></li></ul><blockquote><p>"C"</p></blockquote>',
            "<ul><li><p>A—b</p></li></ul><blockquote><p>“C”</p></blockquote>",
        ),
        ("<p>a &lt; b &amp; c -- d</p>", "<p>a &lt; b &amp; c—d</p>"),
    ],
    "ru": [
        ('<p>Роман "Война и мир" -- о войне...</p>', "<p>Роман «Война и~мир»~— о~войне…</p>"),
        ('<p>"Роман "Тихий Дон" велик"</p>', "<p>«Роман „Тихий Дон“ велик»</p>"),
        ('<p>Он читал «Роман "Тихий Дон"» вслух</p>', "<p>Он читал «Роман „Тихий Дон“» вслух</p>"),
        ("<p>- Да, - сказал он. – Нет --- и всё</p>", "<p>—~Да,~— сказал он.~— Нет~— и~всё</p>"),
        ("<p>В доме и в саду, кто-то с ней и к ним; 5 - 3</p>", "<p>В~доме и~в~саду, кто-то с~ней и~к~ним; 5 - 3</p>"),
        ("<p>5 кг, 10 км, 3 млн человек, 7 книг, 20 %</p>", "<p>5~кг, 10~км, 3~млн человек, 7 книг, 20~%</p>"),
        ("<p>д'Артаньян, дом №5</p>", "<p>д’Артаньян, дом №~5</p>"),
        ("<p><strong>и</strong> в <em>а</em> б</p>", "<p><strong>и</strong>~в~<em>а</em>~б</p>"),
        ("<p>слово<em> -</em> слово -<em>-</em> три</p>", "<p>слово<em>~— </em>слово~— три</p>"),
    ],
    "hy": [
        ('<p>Նա ասաց. "Գնա "տուն" հիմա" -- և գնաց...</p>', "<p>Նա ասաց. «Գնա “տուն” հիմա»~— և գնաց…</p>"),
        ("<p>- Այո, - ասաց նա։</p>", "<p>—~Այո,~— ասաց նա։</p>"),
        ("<p>5 կգ խնձոր, 3 մլն դրամ, №12</p>", "<p>5~կգ խնձոր, 3~մլն դրամ, №~12</p>"),
    ],
    "fr": [
        ('<p>Il dit : "Salut !" -- Pourquoi ? Oui;</p>', "<p>Il dit~: «|Salut|!|»~– Pourquoi|? Oui|;</p>"),
        ("<p>«Déjà» à 10:30, l'été</p>", "<p>«|Déjà|» à 10:30, l’été</p>"),
    ],
    "de": [('<p>Er sagte "gut "so"" -- 5 kg</p>', "<p>Er sagte „gut ‚so‘“~– 5~kg</p>")],
}
CORPUS = {
    language: [(before, after.replace("~", "\u00a0").replace("|", "\u202f")) for before, after in texts]
    for language, texts in _CORPUS.items()
}
