"""Signals that apps send when something has happened: the extension points of the platform.

A lower app never imports a higher one. It sends one of these signals, and higher apps, webhooks or plugins connect
receivers in their `AppConfig.ready()`. All signals but `pre_submit` are sent inside the transaction of the action,
after its writes, so that a receiver's own writes commit or roll back together with it; slow or remote work belongs in a
task that the receiver enqueues with `transaction.on_commit`.

The sender is always the class of the object concerned.
"""

from django.dispatch import Signal

# A revision became what readers see: its first publication, a later version, or a moderator's correction. For a
# scheduled article it is sent within a minute after its time, or as soon as the task worker runs again.
# Arguments: article (articles.Article), revision (articles.Revision).
article_published = Signal()

# A trusted author published a revision that no moderator has read; sent after `article_published`, or for a scheduled
# article when it is scheduled.
# Arguments: article, revision.
article_published_unreviewed = Signal()

# A published article was hidden from all readers. Arguments: article.
article_hidden = Signal()

# A hidden article is shown again. Arguments: article.
article_restored = Signal()

# A moderator returned a revision to its author. Arguments: article, revision.
article_returned = Signal()

# An author submitted a revision for review. Arguments: article, revision.
article_submitted = Signal()

# An author is about to submit a revision. A question, so no transaction is open: a receiver writes nothing and returns
# what a moderator would object to, as a list of `articles.checks.Finding`. Arguments: revision.
pre_submit = Signal()

# A vote was cast, changed or withdrawn. Sender: articles.voting.models.Vote.
# Arguments: article_id (int), user (accounts.User), value (1, -1 or 0 for none).
vote_cast = Signal()

# A user became a co-author of an article. Arguments: article, user (accounts.User).
coauthor_added = Signal()

# A co-author left an article or was removed from it. Arguments: article, user.
coauthor_removed = Signal()

# The names in the bylines of articles changed: a co-author joined or left, or an author or co-author was renamed. The
# articles that have co-authors are locked. Arguments: article_pks (list[int]).
byline_changed = Signal()

# A user's username or display name changed. Arguments: user (accounts.User).
user_renamed = Signal()

# An account was closed. Arguments: user (accounts.User).
user_deactivated = Signal()

# A tag's name changed in the admin. Arguments: tag (articles.Tag).
tag_renamed = Signal()
