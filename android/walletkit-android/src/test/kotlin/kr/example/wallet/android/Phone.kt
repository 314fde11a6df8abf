package kr.example.wallet.android

import android.app.Activity
import android.app.Application
import android.content.pm.PackageManager
import android.os.Handler
import android.os.Looper
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kr.example.wallet.android.fake.Antenna
import kr.example.wallet.android.fake.Citizen
import kr.example.wallet.android.fake.FakeAndroidKeyStore
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyPurpose
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.Residence
import kr.example.wallet.core.UserAuthentication
import org.junit.rules.ExternalResource
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit

/** A phone with an app in front, new for each test. Tests run beside its main thread, as instrumented ones do. */
class Phone : ExternalResource() {
    val application: Application get() = RuntimeEnvironment.getApplication()
    lateinit var screen: ActivityController<Activity>
        private set
    val prompts = PromptHost { screen.get() }
    val homes = mutableListOf<KeyHome>()

    /** Over the phone's Keystore, new to this phone. */
    fun keyStore(): AndroidKeyStoreSeam = AndroidKeyStoreSeam(application, prompts) { homes += it }

    override fun before() {
        FakeAndroidKeyStore.install()
        Citizen.reset()
        Antenna.reset()
        shadowOf(application.packageManager).setSystemFeature(PackageManager.FEATURE_NFC, true)
        screen = onMain { Robolectric.buildActivity(Activity::class.java).setup() }
    }

    override fun after() {
        onMain { screen.close() }
        FakeAndroidKeyStore.remove()
    }
}

/** Runs a test; one that hangs has failed. */
internal fun patiently(body: suspend () -> Unit): Unit = runBlocking { withTimeout(PATIENCE) { body() } }

/** Runs [body] where screens live. */
internal fun <T> onMain(body: () -> T): T {
    val task = FutureTask(body)
    Handler(Looper.getMainLooper()).post(task)
    return task.get(PATIENCE, TimeUnit.MILLISECONDS)
}

private const val PATIENCE = 30_000L

internal val HOLDER = KeyPolicy(KeyPurpose.HOLDER, UserAuthentication.EachUse, Residence.SECURE_WORLD)
internal val INSTANCE = KeyPolicy(KeyPurpose.INSTANCE, UserAuthentication.None, Residence.SECURE_ELEMENT)
internal val WRAP_DEVICE = KeyPolicy(KeyPurpose.WRAP, UserAuthentication.None, Residence.SECURE_WORLD)
internal val WRAP_PERSON = KeyPolicy(KeyPurpose.WRAP, UserAuthentication.EachUse, Residence.SECURE_WORLD)
internal val PROMPT = Prompt("Show your ID", "Over 19, and nothing else", "Corner shop")
internal val CHALLENGE = "challenge".encodeToByteArray()

/** A key for several signatures within [seconds]. */
internal fun window(
    seconds: Int,
    purpose: KeyPurpose = KeyPurpose.HOLDER,
) = KeyPolicy(purpose, UserAuthentication.Window(seconds.toUByte()), Residence.SECURE_WORLD)
