package kr.example.wallet.android.device

import android.app.Activity
import android.app.Instrumentation
import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.view.Gravity
import android.view.WindowManager
import android.widget.TextView
import androidx.test.platform.app.InstrumentationRegistry
import kr.example.wallet.android.PromptHost
import org.junit.rules.ExternalResource

/** A screen that tells whoever holds the phone what to do. */
class StandActivity : Activity() {
    private lateinit var text: TextView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        text =
            TextView(this).apply {
                textSize = LARGE
                gravity = Gravity.CENTER
            }
        setContentView(text)
    }

    fun say(words: String): Unit = runOnUiThread { text.text = words }

    private companion object {
        const val LARGE = 24f
    }
}

/** The phone with that screen in front, for each test. */
class Stand : ExternalResource() {
    private val instrumentation: Instrumentation get() = InstrumentationRegistry.getInstrumentation()
    val context: Context get() = instrumentation.targetContext
    lateinit var screen: StandActivity
        private set
    val prompts = PromptHost { screen }

    override fun before() {
        val intent = Intent(context, StandActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
        screen = instrumentation.startActivitySync(intent) as StandActivity
    }

    override fun after(): Unit = screen.finish()
}
