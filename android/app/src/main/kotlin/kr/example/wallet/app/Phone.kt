package kr.example.wallet.app

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricManager.Authenticators.BIOMETRIC_STRONG
import android.net.Uri
import android.provider.Settings

/** What this phone can do, and the system's screens that help when it cannot. */
internal class Phone(
    private val activity: Activity,
) {
    /** Whether a fingerprint or face is set up that can guard a key. */
    val hasBiometrics: Boolean
        get() {
            val manager = requireNotNull(activity.getSystemService(BiometricManager::class.java))
            return manager.canAuthenticate(BIOMETRIC_STRONG) == BiometricManager.BIOMETRIC_SUCCESS
        }

    fun openBiometricSettings() {
        val enrol = Intent(Settings.ACTION_BIOMETRIC_ENROLL).putExtra(Settings.EXTRA_BIOMETRIC_AUTHENTICATORS_ALLOWED, BIOMETRIC_STRONG)
        start(enrol) || start(Intent(Settings.ACTION_SECURITY_SETTINGS))
    }

    fun openNfcSettings() {
        start(Intent(Settings.ACTION_NFC_SETTINGS))
    }

    /** Puts [number] into the dialler; the citizen calls. */
    fun dial(number: String) {
        start(Intent(Intent.ACTION_DIAL, Uri.fromParts("tel", number, null)))
    }

    fun browse(url: String): Boolean {
        val address = Uri.parse(url)
        return address.scheme == "https" && start(Intent(Intent.ACTION_VIEW, address).addCategory(Intent.CATEGORY_BROWSABLE))
    }

    private fun start(intent: Intent): Boolean =
        try {
            activity.startActivity(intent)
            true
        } catch (_: ActivityNotFoundException) {
            false
        }
}
