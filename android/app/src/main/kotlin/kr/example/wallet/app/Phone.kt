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

    /** The system's page of this app, where what was denied for good can be allowed. */
    fun openAppSettings() {
        start(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", activity.packageName, null)))
    }

    /** Puts [number] into the dialler; the citizen calls. */
    fun dial(number: String) {
        start(Intent(Intent.ACTION_DIAL, Uri.fromParts("tel", number, null)))
    }

    /** Opens the issuer's page in the citizen's browser; in the clear only where it never leaves this phone, as a simulator's does. */
    fun browse(url: String): Boolean {
        val address = Uri.parse(url)
        val safe = address.scheme == "https" || (address.scheme == "http" && address.host in LOOPBACK)
        return safe && start(Intent(Intent.ACTION_VIEW, address).addCategory(Intent.CATEGORY_BROWSABLE))
    }

    private fun start(intent: Intent): Boolean =
        try {
            activity.startActivity(intent)
            true
        } catch (_: ActivityNotFoundException) {
            false
        }

    private companion object {
        val LOOPBACK = setOf("localhost", "127.0.0.1")
    }
}
