package kr.example.wallet.app

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState

/**
 * What the wallet does while nobody looks, without a prompt: it obeys a lock, asks how the issuer sees the card, and fetches proofs of
 * freshness. Each run says when the next one is due.
 */
internal class RefreshJob : JobService() {
    private var running: Job? = null

    override fun onStartJob(parameters: JobParameters): Boolean {
        val app = application as WalletApp
        running =
            CoroutineScope(Dispatchers.Default).launch {
                val next =
                    try {
                        app.door.beside(app.language) { id -> id.refresh().nextAt.takeIf { id.state() != WalletState.WIPED } }
                    } catch (_: WalletException) {
                        // The app says why when it is opened. A phone that was locked, or had no network, may not be an hour later.
                        System.currentTimeMillis() / MILLIS + AFTER_FAILURE
                    } catch (_: NotSetUp) {
                        null
                    }
                // Before the end: after it the system may end the process at once.
                next?.let { schedule(app, it) }
                jobFinished(parameters, false)
            }
        return true
    }

    override fun onStopJob(parameters: JobParameters): Boolean {
        running?.cancel()
        return true
    }

    companion object {
        private const val ID = 1
        private const val MILLIS = 1000L
        private const val AFTER_FAILURE = 3600L

        /** Asks for a run [at] that second, or as soon after it as there is a network. */
        fun schedule(
            context: Context,
            at: Long,
        ) {
            val wait = (at * MILLIS - System.currentTimeMillis()).coerceAtLeast(0)
            val job =
                JobInfo
                    .Builder(ID, ComponentName(context, RefreshJob::class.java))
                    .setMinimumLatency(wait)
                    .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
                    .setPersisted(true)
                    .build()
            requireNotNull(context.getSystemService(JobScheduler::class.java)).schedule(job)
        }
    }
}
