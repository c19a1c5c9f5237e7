"""What the task worker does periodically; each management command or function (core.periodic) with its interval."""

from datetime import timedelta

PERIODIC_JOBS = {
    "core.periodic.requeue_lost_tasks": timedelta(minutes=1),
    "core.tasks.send_pending_emails": timedelta(minutes=1),
    "core.images.delete_pending_files": timedelta(minutes=1),
    "articles.services.schedule.announce_due": timedelta(seconds=30),
    "articles.services.images.finish_moves": timedelta(minutes=1),
    "articles.services.images.remove_unused": timedelta(hours=1),
    "articles.readership.services.rollup": timedelta(minutes=1),
    "articles.moderation.services.screening.screen_unfinished": timedelta(minutes=1),
    "articles.moderation.services.alerts.send_due": timedelta(minutes=1),
    "articles.promotion.services.tracking.add_pending_counts": timedelta(minutes=1),
    "articles.promotion.tasks.finish_promotions": timedelta(minutes=10),
    # Also destroys the daily keys of visitors.
    "articles.readership.services.delete_old_data": timedelta(hours=1),
    "articles.promotion.services.tracking.delete_old_events": timedelta(hours=1),
    "spokesperson.statistics.record": timedelta(hours=1),
    "articles.moderation.services.figures.record": timedelta(hours=1),
    "articles.services.checkpoints.delete_old": timedelta(hours=1),
    "articles.services.drafts.delete_trashed": timedelta(hours=1),
    "articles.services.previews.delete_expired": timedelta(hours=1),
    "clearsessions": timedelta(days=1),
    "accounts.services.delete_unconfirmed_users": timedelta(hours=1),
    "prune_db_task_results --queue-name=* --min-age-days=1 --failed-min-age-days=14": timedelta(days=1),
    "recount --check": timedelta(days=1),
    "verify_ledger": timedelta(days=1),
    "rebuild_search --check": timedelta(days=7),
    "check_images": timedelta(days=7),
}
# Added if there is a place for backups.
BACKUP_JOB = {"spokesperson.operations.backup.start": timedelta(days=1)}
