package kr.example.wallet.android

import android.app.Activity
import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricPrompt
import android.os.CancellationSignal
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.suspendCancellableCoroutine
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.Prompt
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/**
 * Shows the system's own prompt for a strong biometric over the activity that [activity] gives. No device PIN in its place:
 * the core asks for biometrics. [ForegroundActivity] knows the activity of a whole app.
 */
public class PromptHost(
    private val activity: () -> Activity?,
) {
    /**
     * Shows [prompt] once and waits. With [crypto] the finger authorises that one operation, else every key of a window.
     * Cancelling the coroutine takes the prompt away.
     *
     * @throws KeyStoreException what became of it; `Unavailable` when there is no activity to show it over.
     */
    internal suspend fun approve(
        prompt: Prompt,
        crypto: BiometricPrompt.CryptoObject?,
    ) {
        val shown = activity() ?: throw KeyStoreException.Unavailable()
        suspendCancellableCoroutine { waiting ->
            val cancel = CancellationSignal()
            waiting.invokeOnCancellation { cancel.cancel() }
            shown.mainExecutor.execute {
                if (waiting.isActive) show(shown, prompt, crypto, cancel, Reply(waiting))
            }
        }
    }

    private fun show(
        shown: Activity,
        prompt: Prompt,
        crypto: BiometricPrompt.CryptoObject?,
        cancel: CancellationSignal,
        outcome: Reply,
    ) {
        try {
            val built =
                BiometricPrompt
                    .Builder(shown)
                    .setTitle(prompt.title)
                    .setDescription(prompt.reason)
                    .setAllowedAuthenticators(BiometricManager.Authenticators.BIOMETRIC_STRONG)
                    // A face that happens to be before the camera is not consent.
                    .setConfirmationRequired(true)
                    .setNegativeButton(shown.getString(android.R.string.cancel), shown.mainExecutor) { _, _ -> outcome.dismissed() }
            prompt.counterparty?.let(built::setSubtitle)
            if (crypto == null) {
                built.build().authenticate(cancel, shown.mainExecutor, outcome)
            } else {
                built.build().authenticate(crypto, cancel, shown.mainExecutor, outcome)
            }
        } catch (failure: RuntimeException) {
            outcome.failed(keyStoreFailure(failure))
        }
    }

    /** The first thing that happens counts: a dismissed prompt also reports that it was cancelled. */
    private class Reply(
        private val waiting: CancellableContinuation<Unit>,
    ) : BiometricPrompt.AuthenticationCallback() {
        private val settled = AtomicBoolean()

        override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
            if (settled.compareAndSet(false, true)) waiting.resume(Unit)
        }

        override fun onAuthenticationError(
            code: Int,
            text: CharSequence?,
        ): Unit = failed(promptFailure(code))

        // onAuthenticationFailed: a finger that is not known yet is no end; the prompt stays.

        fun dismissed(): Unit = failed(KeyStoreException.UserCancelled())

        fun failed(failure: KeyStoreException) {
            if (settled.compareAndSet(false, true)) waiting.resumeWithException(failure)
        }
    }
}
