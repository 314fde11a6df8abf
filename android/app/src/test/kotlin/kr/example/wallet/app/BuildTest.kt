package kr.example.wallet.app

import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import android.content.res.XmlResourceParser
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.FaceCheckException
import kr.example.wallet.core.Language
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.Scan
import kr.example.wallet.simulator.Simulator
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.xmlpull.v1.XmlPullParser
import java.io.File
import java.util.concurrent.locks.LockSupport
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What the package says of itself, before any screen. */
@RunWith(RobolectricTestRunner::class)
class BuildTest {
    private val app
        get() = RuntimeEnvironment.getApplication()

    private fun information(flags: Int) = app.packageManager.getPackageInfo(app.packageName, flags)

    @Test
    fun `nothing is backed up and nothing goes in the clear`() {
        val flags = information(0).applicationInfo!!.flags
        assertEquals(0, flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
        assertEquals(0, flags and ApplicationInfo.FLAG_USES_CLEARTEXT_TRAFFIC)
        assertEquals(
            listOf("base-config cleartextTrafficPermitted=false"),
            elements(R.xml.network_security_config).filter {
                "cleartext" in
                    it
            },
        )
        val rules = elements(R.xml.data_extraction_rules)
        val domains =
            listOf(
                "root",
                "file",
                "database",
                "sharedpref",
                "external",
                "device_root",
                "device_file",
                "device_database",
                "device_sharedpref",
            )
        for (domain in domains) assertEquals(2, rules.count { it == "exclude domain=$domain" }, domain)
        assertTrue(rules.none { it.startsWith("include") })
    }

    @Test
    fun `it asks for what it needs and no more`() {
        val asked =
            information(PackageManager.GET_PERMISSIONS)
                .requestedPermissions
                .orEmpty()
                .map { it.substringAfterLast('.') }
                .toSet()
        val needed = setOf("INTERNET", "NFC", "CAMERA", "USE_BIOMETRIC", "HIDE_OVERLAY_WINDOWS", "RECEIVE_BOOT_COMPLETED")
        assertEquals(needed, asked)
    }

    @Test
    fun `only the one activity can be opened from outside`() {
        val kinds = PackageManager.GET_SERVICES or PackageManager.GET_RECEIVERS or PackageManager.GET_PROVIDERS
        val parts = information(PackageManager.GET_ACTIVITIES or kinds)
        assertEquals(listOf(WalletActivity::class.java.name), parts.activities.orEmpty().map { it.name })
        // The system alone may start the hourly refresh.
        val job = parts.services.orEmpty().single()
        assertEquals(RefreshJob::class.java.name, job.name)
        assertEquals("android.permission.BIND_JOB_SERVICE" to false, job.permission to job.exported)
        assertTrue(parts.receivers.isNullOrEmpty() && parts.providers.isNullOrEmpty())
    }

    @Test
    @Config(application = WalletApp::class)
    fun `a build without an issuer says so, and has no word above its screens`() {
        assertNull((app as WalletApp).notice)
        Stage.installed()
        val activity = Robolectric.buildActivity(WalletActivity::class.java).setup().get()
        val texts = {
            activity.window.decorView
                .all()
                .filterIsInstance<TextView>()
                .filter { it.isShown }
                .map { "${it.text}" }
                .toList()
        }
        repeat(PATIENCE) {
            Stage.idle()
            if (app.getString(R.string.not_set_up_title) in texts()) return
            LockSupport.parkNanos(STEP)
        }
        throw AssertionError("${texts()}")
    }

    @Test
    fun `the browser comes back to a link of this app`() {
        val back = { folder: String -> IssuerAssets(app, folder).config(Language.ENGLISH).redirectUri }
        assertEquals("https://wallet.example/issued", back("issuer-plain"))
        assertEquals("https://wallet.example/issued?of=this-build", back("issuer-back"))
        val foreign = assertFailsWith<NotSetUp> { back("issuer-foreign") }
        assertTrue("https://another.example/issued" in foreign.hint.orEmpty())
    }

    /** What the classes beside [name]'s name, as the compiler wrote it down. */
    private fun named(
        name: String,
        what: String,
    ): List<String> {
        val folder = File(requireNotNull(javaClass.classLoader?.getResource("kr/example/wallet/app/$name.class")).toURI()).parentFile
        val classes = folder.walk().filter { it.extension == "class" }
        return classes.filter { what in it.readBytes().decodeToString() }.map { it.name }.toList()
    }

    /** The build that citizens get has no face provider of its own, and no code of the development build. */
    @Test
    @Config(application = Shipped::class)
    fun `the face of the simulator is in no other build`() {
        val simulator = "kr/example/wallet/simulator"
        assertTrue("DevelopmentApp.class" in named("DevelopmentApp", simulator), "where it is, it is found")
        assertEquals(emptyList(), named("WalletApp", simulator))
        assertEquals(emptyList(), named("WalletApp", "DevelopmentApp"))
        val face = (app as Shipped).face()
        assertFailsWith<FaceCheckException.Unavailable> {
            runBlocking { face.compare(ByteArray(1), ByteArray(32), ByteArray(65), Prompt("", "", null)) }
        }
    }

    @Test
    @Config(application = DevelopmentApp::class)
    fun `the development build finds the simulator by the line that was pushed`() {
        val development = app as DevelopmentApp
        val process = ProcessBuilder(System.getenv("WALLET_SIMULATOR"), "simulator").redirectError(ProcessBuilder.Redirect.INHERIT).start()
        try {
            val line = process.inputStream.bufferedReader().readLine()
            File(development.getExternalFilesDir(null), "simulator.json").writeText(line)
            val visit = Simulator.connect(line).visit()
            val scan = runBlocking { development.door.with(Language.ENGLISH) { id -> id.scan(visit.link) } }
            assertEquals(visit.link, assertIs<Scan.Offer>(scan).link)
        } finally {
            development.door.close()
            process.outputStream.close()
            process.waitFor()
        }
    }

    @Test
    @Config(application = DevelopmentApp::class)
    fun `a development build without the line says how to push it`() {
        val missing = assertFailsWith<NotSetUp> { runBlocking { (app as DevelopmentApp).door.with(Language.ENGLISH) {} } }
        assertTrue("adb push" in missing.hint.orEmpty())
    }

    private fun elements(xml: Int): List<String> {
        val parser: XmlResourceParser = app.resources.getXml(xml)
        val found = mutableListOf<String>()
        while (parser.next() != XmlPullParser.END_DOCUMENT) {
            if (parser.eventType != XmlPullParser.START_TAG) continue
            found +=
                parser.name +
                (0 until parser.attributeCount).joinToString("") { " ${parser.getAttributeName(it)}=${parser.getAttributeValue(it)}" }
        }
        return found
    }

    /** The app that citizens get, asked for its face provider. */
    internal class Shipped : WalletApp() {
        fun face(): FaceCheck = faceCheck()
    }

    private companion object {
        const val PATIENCE = 5_000
        const val STEP = 2_000_000L
    }
}
